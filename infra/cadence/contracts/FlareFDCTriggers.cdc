import "FlareOracleVerifier"
import "FlareSignatures"

/// Hands what the Flare Data Connector attested of one exact request to the contract that waits for it.
///
/// A trigger fixes every byte of the attestation response except a few typed values: voting round, lowest used
/// timestamp, the epoch in the url and the attested words. Nothing is decoded: the response is rendered from the fixed
/// text and the values, hashed, and must belong to a confirmed root. A response to any other request (url, method,
/// headers, query, body, jq, ABI signature, type or source) has another hash and is refused.
///
/// - The administrator announces a trigger. It takes effect after a notice and never changes; another request is another
///   version, with an id of its own.
/// - The request is announced in readable form. The text that responses are compared with is built from it here.
/// - Anyone may ask for an epoch (an event that attesters listen to), and anyone may deliver its proof.
/// - A trigger has one handler, and a delivery calls no other. A handler that fails stops only its own trigger.
///
/// An epoch is a window of `epochSeconds`, five minutes on public networks: its number is the seconds since 1970 divided
/// by that.
access(all) contract FlareFDCTriggers {

    /* --- PATHS --- */

    /// Where the administrator is stored.
    access(all) let AdminStoragePath: StoragePath

    /* --- ENTITLEMENTS --- */

    /// The right to announce triggers.
    access(all) entitlement Announce
    /// The right to tell a handler of a trigger that was announced for it.
    access(all) entitlement Notify

    /* --- EVENTS --- */

    /// A trigger was announced; it takes deliveries from `effectiveAt` on, in seconds since 1970.
    access(all) event TriggerAnnounced(triggerId: String, request: Request, handler: Address, effectiveAt: UFix64)
    /// Somebody asks for an epoch to be attested.
    access(all) event EpochRequested(triggerId: String, epoch: UInt64)
    /// The attested words of an epoch were handed to the trigger's handler.
    access(all) event Delivered(triggerId: String, epoch: UInt64, votingRound: UInt64)

    /* --- CONSTANTS --- */

    /// The type of attestation of all triggers.
    access(all) view fun attestationType(): String { return "Web2Json" }
    /// The method of all requests. They have no headers, no query and no body.
    access(all) view fun httpMethod(): String { return "GET" }
    /// For how many epochs deliveries are remembered one by one: a week.
    access(all) view fun epochsRemembered(): UInt64 { return 2_016 }

    /* --- CONFIGURATION, fixed at deployment --- */

    /// Length of an epoch.
    access(all) let epochSeconds: UInt64
    /// Seconds between the announcement of a trigger and its first delivery. Contracts that charge for what triggers
    /// deliver require that it is longer than it takes to leave them.
    access(all) let noticeSeconds: UFix64

    /* --- STATE --- */

    access(self) let triggers: {String: Trigger}
    /// The ids of all triggers in the order of their announcement, which is the order in which they take effect.
    access(self) let triggerIds: [String]
    /// The number of versions of a name.
    access(self) let versions: {String: UInt64}
    /// The newest epoch delivered, by trigger and by epoch modulo `epochsRemembered`. Only a later epoch replaces it, so
    /// that no epoch is delivered twice and the memory does not grow.
    access(self) let delivered: {String: {UInt64: UInt64}}
    /// Reserved: a deployed contract cannot get new fields.
    access(self) let extension: {String: AnyStruct}

    /* --- INTERFACES --- */

    /// What receives deliveries: implemented by a resource that the administrator announces a trigger for.
    access(all) resource interface Handler {

        /// Called once for each epoch. Anyone may call this without harm: only `FlareFDCTriggers` can create a delivery,
        /// and `delivery.wordsFor` panics for any resource but the one that the delivery was created for.
        access(all) fun handle(delivery: &Delivery)

        /// Called once when a trigger is announced, with the time from which on it takes deliveries.
        access(Notify) fun announced(triggerId: String, effectiveAt: UFix64)
    }

    /* --- STRUCTS --- */

    /// What Flare is asked to fetch and to attest, in readable form.
    access(all) struct Request {
        /// The attestation source, `PublicWeb2`.
        access(all) let source: String
        /// The https url up to the epoch, which follows in ten digits.
        access(all) let urlPrefix: String
        /// The jq filter that is applied to the JSON answer.
        access(all) let postProcessJq: String
        /// The Solidity type as which the filtered answer is encoded.
        access(all) let abiSignature: String
        /// The number of 32-byte words that are attested; the first is the epoch.
        access(all) let words: Int

        view init(source: String, urlPrefix: String, postProcessJq: String, abiSignature: String, words: Int) {
            pre {
                source.utf8.length >= 1 && source.utf8.length <= 32:
                    "FlareFDCTriggers.Request: the name of a source has 1 to 32 bytes, not \(source.utf8.length)"
                words >= 1: "FlareFDCTriggers.Request: at least the epoch is attested, not \(words) words"
            }
            self.source = source
            self.urlPrefix = urlPrefix
            self.postProcessJq = postProcessJq
            self.abiSignature = abiSignature
            self.words = words
        }
    }

    /// The fixed text of a response, hex. A response is: head, voting round, lowest used timestamp, beforeEpoch, the epoch
    /// in ten ASCII digits, afterEpoch, words.
    access(all) struct Template {
        /// The offset of the response, its attestation type and its source: three words.
        access(all) let head: String
        /// From after the timestamp to the epoch in the url.
        access(all) let beforeEpoch: String
        /// From after the epoch in the url to the attested words.
        access(all) let afterEpoch: String

        /// The ABI encoding of Flare's `IWeb2Json.Response` to a request, without the values that vary.
        view init(_ request: Request) {
            let method = FlareFDCTriggers.encodeString(FlareFDCTriggers.httpMethod())
            let none = FlareFDCTriggers.encodeString("")
            let jq = FlareFDCTriggers.encodeString(request.postProcessJq)
            let signature = FlareFDCTriggers.encodeString(request.abiSignature)
            let url = FlareFDCTriggers.encodeString("\(request.urlPrefix)0000000000")
            let prefix = String.encodeHex(request.urlPrefix.utf8)
            let epochAt = 64 + prefix.length
            let lengths = [url.length, method.length, none.length, none.length, none.length, jq.length, signature.length]

            var offsets = ""
            var offset = 7 * 32
            for length in lengths {
                offsets = "\(offsets)\(FlareFDCTriggers.word(offset))"
                offset = offset + length / 2
            }
            let bodyAt = 6 * 32
            self.head = "\(FlareFDCTriggers.word(32))\(FlareFDCTriggers.encodeName(FlareFDCTriggers.attestationType()))\(FlareFDCTriggers.encodeName(request.source))"
            self.beforeEpoch = "\(FlareFDCTriggers.word(bodyAt))\(FlareFDCTriggers.word(bodyAt + offset))\(offsets)\(url.slice(from: 0, upTo: epochAt))"
            self.afterEpoch = "\(url.slice(from: epochAt + 20, upTo: url.length))\(method)\(none)\(none)\(none)\(jq)\(signature)\(FlareFDCTriggers.word(32))\(FlareFDCTriggers.word(32 * request.words))"
        }

        /// The ABI-encoded response with these values, hex.
        access(all) view fun render(
            votingRound: UInt64,
            lowestUsedTimestamp: UInt64,
            epoch: UInt64,
            words: [UInt256]
        ): String {
            let round = FlareSignatures.word(UInt256(votingRound))
            let timestamp = FlareSignatures.word(UInt256(lowestUsedTimestamp))
            let digits = FlareFDCTriggers.epochDigits(epoch)
            var attested = ""
            for word in words {
                attested = "\(attested)\(FlareSignatures.word(word))"
            }
            return "\(self.head)\(round)\(timestamp)\(self.beforeEpoch)\(digits)\(self.afterEpoch)\(attested)"
        }
    }

    /// A request under an id, when it takes effect, and who receives the attested words.
    access(all) struct Trigger {
        /// Name and version, `statement/1`.
        access(all) let triggerId: String
        /// What may be attested.
        access(all) let request: Request
        /// The same as the fixed text of a response.
        access(all) let template: Template
        /// When it was announced, in seconds since 1970.
        access(all) let announcedAt: UFix64
        /// From when on deliveries are taken, in seconds since 1970.
        access(all) let effectiveAt: UFix64
        /// The resource that receives the words.
        access(contract) let handler: Capability<auth(Notify) &{Handler}>
        /// The address of that resource.
        access(all) let handlerAddress: Address
        /// Reserved: a stored struct cannot get new fields.
        access(contract) let extension: {String: AnyStruct}

        view init(triggerId: String, request: Request, announcedAt: UFix64, handler: Capability<auth(Notify) &{Handler}>) {
            self.triggerId = triggerId
            self.request = request
            self.template = Template(request)
            self.announcedAt = announcedAt
            self.effectiveAt = announcedAt + FlareFDCTriggers.noticeSeconds
            self.handler = handler
            self.handlerAddress = handler.address
            self.extension = {}
        }
    }

    /* --- RESOURCES --- */

    /// The attested words of one epoch on their way to one handler. Only this contract creates deliveries.
    access(all) resource Delivery {
        /// The trigger that the words were proven for.
        access(all) let triggerId: String
        /// The epoch in the url, and the first of the words.
        access(all) let epoch: UInt64
        /// The voting round in which Flare attested the words.
        access(all) let votingRound: UInt64
        access(self) let handlerUUID: UInt64
        access(self) let words: [UInt256]

        /// The attested words. Panics for any resource but the one that the delivery was created for.
        ///
        /// @param handler: the resource whose `handle` was called, as a reference to itself: `&self`
        access(all) view fun wordsFor(_ handler: &{Handler}): [UInt256] {
            pre {
                handler.uuid == self.handlerUUID:
                    "FlareFDCTriggers.Delivery.wordsFor: the delivery is for resource \(self.handlerUUID), not for \(handler.uuid)"
            }
            return self.words
        }

        init(triggerId: String, epoch: UInt64, votingRound: UInt64, handlerUUID: UInt64, words: [UInt256]) {
            self.triggerId = triggerId
            self.epoch = epoch
            self.votingRound = votingRound
            self.handlerUUID = handlerUUID
            self.words = words
        }
    }

    /// Announces triggers. It can neither change nor remove one, and deliver nothing.
    access(all) resource Admin {

        /// Announces the next version of a trigger and returns its id, `name/version`. It takes effect after the notice.
        ///
        /// @param name: what is attested, in a few letters
        /// @param handler: the resource that will receive the words; nil for that of the version before
        access(Announce) fun announce(name: String, request: Request, handler given: Capability<auth(Notify) &{Handler}>?): String {
            let version = (FlareFDCTriggers.versions[name] ?? 0) + 1
            let handler = given ?? FlareFDCTriggers.triggers["\(name)/\(version - 1)"]?.handler
                ?? panic("FlareFDCTriggers.Admin.announce: the first version of \(name) needs a handler")
            let notified = handler.borrow()
                ?? panic("FlareFDCTriggers.Admin.announce: there is no handler behind the capability")
            let trigger = Trigger(
                triggerId: "\(name)/\(version)",
                request: request,
                announcedAt: getCurrentBlock().timestamp,
                handler: handler
            )
            FlareFDCTriggers.versions[name] = version
            FlareFDCTriggers.triggers[trigger.triggerId] = trigger
            FlareFDCTriggers.delivered[trigger.triggerId] = {}
            FlareFDCTriggers.triggerIds.append(trigger.triggerId)
            notified.announced(triggerId: trigger.triggerId, effectiveAt: trigger.effectiveAt)
            emit TriggerAnnounced(
                triggerId: trigger.triggerId,
                request: request,
                handler: handler.address,
                effectiveAt: trigger.effectiveAt
            )
            return trigger.triggerId
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// Asks attesters for an epoch that has not been delivered.
    access(all) fun requestEpoch(triggerId: String, epoch: UInt64) {
        self.requireUndelivered(triggerId: triggerId, epoch: epoch)
        emit EpochRequested(triggerId: triggerId, epoch: epoch)
    }

    /// Proves an attested response and hands its words to the trigger's handler.
    ///
    /// @param votingRound: the round in which Flare attested it
    /// @param lowestUsedTimestamp: as it stands in the response
    /// @param epoch: the epoch in the url, and the first of the words
    /// @param words: the attested tuple, a 32-byte word each
    /// @param proof: siblings from the response up to the round's root, 32 bytes each, hex
    access(all) fun deliver(
        triggerId: String,
        votingRound: UInt64,
        lowestUsedTimestamp: UInt64,
        epoch: UInt64,
        words: [UInt256],
        proof: [String]
    ) {
        self.requireUndelivered(triggerId: triggerId, epoch: epoch)
        self.requireBegun(epoch: epoch, votingRound: votingRound)
        let response = self.render(
            triggerId: triggerId,
            votingRound: votingRound,
            lowestUsedTimestamp: lowestUsedTimestamp,
            epoch: epoch,
            words: words
        )
        FlareOracleVerifier.verify(votingRound: votingRound, response: response, proof: proof)
        self.markDelivered(triggerId: triggerId, epoch: epoch)
        emit Delivered(triggerId: triggerId, epoch: epoch, votingRound: votingRound)
        self.hand(triggerId: triggerId, epoch: epoch, votingRound: votingRound, words: words)
    }

    /* --- VIEWS --- */

    /// The exact response that a trigger expects for these values, hex. Panics for a trigger that is not in effect yet.
    access(all) view fun render(
        triggerId: String,
        votingRound: UInt64,
        lowestUsedTimestamp: UInt64,
        epoch: UInt64,
        words: [UInt256]
    ): String {
        let trigger = self.borrowTrigger(triggerId)
        assert(
            trigger.effectiveAt <= getCurrentBlock().timestamp,
            message: "FlareFDCTriggers: trigger \(triggerId) takes effect at \(trigger.effectiveAt)"
        )
        assert(
            words.length == trigger.request.words,
            message: "FlareFDCTriggers: trigger \(triggerId) attests \(trigger.request.words) words, not \(words.length)"
        )
        assert(
            words[0] == UInt256(epoch),
            message: "FlareFDCTriggers: the first attested word is \(words[0]), not the epoch \(epoch)"
        )
        return trigger.template.render(
            votingRound: votingRound,
            lowestUsedTimestamp: lowestUsedTimestamp,
            epoch: epoch,
            words: words
        )
    }

    /// Whether the epoch was delivered, or a later one has its place.
    access(all) view fun isDelivered(triggerId: String, epoch: UInt64): Bool {
        if let places = &self.delivered[triggerId] as &{UInt64: UInt64}? {
            if let newest = places[epoch % self.epochsRemembered()] {
                return newest >= epoch
            }
        }
        return false
    }

    /// A trigger by its id, `name/version`; nil if there is none.
    access(all) view fun trigger(_ triggerId: String): Trigger? {
        return self.triggers[triggerId]
    }

    /// The ids of all triggers, in the order in which they take effect.
    access(all) view fun allTriggerIds(): [String] {
        return self.triggerIds
    }

    /// The ids of the triggers that are announced and not in effect yet, the latest first.
    access(all) view fun pendingTriggerIds(): [String] {
        let now = getCurrentBlock().timestamp
        var pending: [String] = []
        var position = self.triggerIds.length
        while position > 0 && self.borrowTrigger(self.triggerIds[position - 1]).effectiveAt > now {
            position = position - 1
            pending = pending.concat([self.triggerIds[position]])
        }
        return pending
    }

    /// The version of this contract's code.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /* --- INSIDE --- */

    access(self) view fun borrowTrigger(_ triggerId: String): &Trigger {
        return &self.triggers[triggerId] as &Trigger?
            ?? panic("FlareFDCTriggers: there is no trigger \(triggerId)")
    }

    access(self) view fun requireUndelivered(triggerId: String, epoch: UInt64) {
        self.borrowTrigger(triggerId)
        assert(
            !self.isDelivered(triggerId: triggerId, epoch: epoch),
            message: "FlareFDCTriggers: epoch \(epoch) of \(triggerId) is delivered already, or a later one has its place"
        )
    }

    /// An epoch that lies in the future when it is attested would keep earlier ones from their places.
    access(self) view fun requireBegun(epoch: UInt64, votingRound: UInt64) {
        let roundEnd = FlareOracleVerifier.startOf(votingRound: votingRound + 1)
        assert(
            epoch < roundEnd / self.epochSeconds + 1,
            message: "FlareFDCTriggers: epoch \(epoch) had not begun when voting round \(votingRound) ended"
        )
    }

    access(self) fun markDelivered(triggerId: String, epoch: UInt64) {
        let places = &self.delivered[triggerId] as auth(Insert) &{UInt64: UInt64}?
        places!.insert(key: epoch % self.epochsRemembered(), epoch)
    }

    access(self) fun hand(triggerId: String, epoch: UInt64, votingRound: UInt64, words: [UInt256]) {
        let handler = self.borrowTrigger(triggerId).handler.borrow()
            ?? panic("FlareFDCTriggers: the handler of \(triggerId) is gone")
        let delivery <- create Delivery(
            triggerId: triggerId,
            epoch: epoch,
            votingRound: votingRound,
            handlerUUID: handler.uuid,
            words: words
        )
        handler.handle(delivery: &delivery as &Delivery)
        destroy delivery
    }

    /* --- ENCODING, as in Solidity's ABI --- */

    /// A length or an offset as 32 bytes, hex.
    access(contract) view fun word(_ number: Int): String {
        return FlareSignatures.word(UInt256(number))
    }

    /// A string: its length in bytes and its UTF-8 bytes, padded with zeros to whole words; hex.
    access(contract) view fun encodeString(_ text: String): String {
        let bytes = text.utf8
        return "\(self.word(bytes.length))\(self.padded(bytes))"
    }

    /// The name of an attestation type or source: its bytes, padded with zeros to 32; hex.
    access(contract) view fun encodeName(_ name: String): String {
        return self.padded(name.utf8)
    }

    access(self) view fun padded(_ bytes: [UInt8]): String {
        let zeros = self.word(0)
        return "\(String.encodeHex(bytes))\(zeros.slice(from: 0, upTo: (64 - bytes.length * 2 % 64) % 64))"
    }

    /// An epoch as the url has it, ten ASCII digits, in hex.
    access(contract) view fun epochDigits(_ epoch: UInt64): String {
        pre {
            epoch < 10_000_000_000: "FlareFDCTriggers: an epoch has at most ten digits, not \(epoch)"
        }
        // Ten thousand million added makes eleven digits of any epoch; the first is dropped.
        return String.encodeHex((epoch + 10_000_000_000).toString().slice(from: 1, upTo: 11).utf8)
    }

    /// @param noticeSeconds: how long before its first delivery a trigger is announced
    /// @param epochSeconds: length of an epoch
    init(noticeSeconds: UFix64, epochSeconds: UInt64) {
        pre {
            epochSeconds > 0: "FlareFDCTriggers.init: an epoch has a length"
        }
        self.AdminStoragePath = /storage/flareFDCTriggersAdmin
        self.epochSeconds = epochSeconds
        self.noticeSeconds = noticeSeconds
        self.triggers = {}
        self.triggerIds = []
        self.versions = {}
        self.delivered = {}
        self.extension = {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
    }
}
