import "FlareOracleVerifier"

/// Hands what the Flare Data Connector attested of one exact request to the contract that waits for it.
///
/// A trigger pins every byte of the attestation response except a few typed values: voting round, lowest used
/// timestamp, the epoch in the url and the attested words. It keeps no decoder that would have to be trusted: the
/// response is rendered anew from the pinned text and the values, hashed, and must belong to a confirmed root. Whatever
/// differs anywhere (url, method, headers, query, body, jq, ABI signature, type, source) has another hash.
///
/// - A trigger is announced by the administrator, counts after the notice, and never changes. Another request is
///   another version, with an id of its own.
/// - Anyone may ask for an epoch (an event that attesters listen to), and anyone may deliver its proof.
/// - A trigger has one handler, and a delivery calls no other: what a handler costs or breaks, it costs its own trigger.
access(all) contract FlareFDCTriggers {

    /* --- PATHS --- */

    /// Where the administrator's rights lie.
    access(all) let AdminStoragePath: StoragePath

    /* --- ENTITLEMENTS --- */

    /// The right to announce triggers.
    access(all) entitlement Announce

    /* --- EVENTS --- */

    /// A trigger was announced; from `effectiveAt` on it takes deliveries of what the template says.
    access(all) event TriggerAnnounced(triggerId: String, template: Template, handler: Address, effectiveAt: UFix64)
    /// Somebody wants an epoch to be attested.
    access(all) event EpochRequested(triggerId: String, epoch: UInt64)
    /// The attested words of an epoch were handed to the trigger's handler.
    access(all) event Delivered(triggerId: String, epoch: UInt64, votingRound: UInt64)

    /* --- STATE --- */

    /// For how many epochs deliveries are remembered one by one: a week of five minutes each.
    access(all) let PLACES: UInt64
    /// Seconds between the announcement of a trigger and its first delivery; set at deployment for good. Who is charged
    /// by what triggers deliver must be able to leave in that time.
    access(all) let noticeSeconds: UFix64
    access(self) let triggers: {String: Trigger}
    /// How many versions a name has.
    access(self) let versions: {String: UInt64}
    /// The newest epoch handed over, by trigger and by epoch modulo `PLACES`. Only a later one takes its place, so that
    /// no epoch is handed over twice, and what is remembered does not grow.
    access(self) let delivered: {String: {UInt64: UInt64}}

    /* --- INTERFACES --- */

    /// What receives deliveries. Implement it in a resource, and let the administrator announce a trigger for it.
    access(all) resource interface Handler {

        /// Called once for each epoch. This may be public: only `FlareFDCTriggers` can make a delivery, and its words
        /// come out by `delivery.accept`, which panics for any other resource than the one it was made for.
        access(all) fun handle(delivery: &Delivery)
    }

    /* --- STRUCTS --- */

    /// The fixed text around the values of a response, hex:
    /// head, voting round, lowest used timestamp, beforeEpoch, ten ASCII digits, afterEpoch, words
    access(all) struct Template {
        /// Three words: offset, attestation type, source.
        access(all) let head: String
        /// From behind the timestamp to the epoch in the url.
        access(all) let beforeEpoch: String
        /// From behind the epoch in the url to the attested words.
        access(all) let afterEpoch: String
        /// How many 32-byte words are attested; the first is the epoch.
        access(all) let words: Int

        view init(head: String, beforeEpoch: String, afterEpoch: String, words: Int) {
            pre {
                head.length == 192: "FlareFDCTriggers.Template: the head has 96 bytes, not \(head.length / 2)"
                words >= 1: "FlareFDCTriggers.Template: the epoch at least is attested"
            }
            self.head = head
            self.beforeEpoch = beforeEpoch
            self.afterEpoch = afterEpoch
            self.words = words
        }

        /// The ABI-encoded response with these values, hex.
        access(all) view fun render(
            votingRound: UInt64,
            lowestUsedTimestamp: UInt64,
            epoch: UInt64,
            words: [UInt256]
        ): String {
            let round = FlareFDCTriggers.word(UInt256(votingRound))
            let timestamp = FlareFDCTriggers.word(UInt256(lowestUsedTimestamp))
            let digits = FlareFDCTriggers.digits(epoch)
            var attested = ""
            for word in words {
                attested = "\(attested)\(FlareFDCTriggers.word(word))"
            }
            return "\(self.head)\(round)\(timestamp)\(self.beforeEpoch)\(digits)\(self.afterEpoch)\(attested)"
        }
    }

    /// A template under its id, since when it counts, and whom its words are handed to.
    access(all) struct Trigger {
        /// Name and version, `statement/1`.
        access(all) let triggerId: String
        /// What may be attested.
        access(all) let template: Template
        /// Since when deliveries are taken.
        access(all) let effectiveAt: UFix64
        access(contract) let handler: Capability<&{Handler}>

        view init(triggerId: String, template: Template, effectiveAt: UFix64, handler: Capability<&{Handler}>) {
            self.triggerId = triggerId
            self.template = template
            self.effectiveAt = effectiveAt
            self.handler = handler
        }
    }

    /* --- RESOURCES --- */

    /// Attested words on their way to one handler. Only this contract makes them.
    access(all) resource Delivery {
        /// The trigger that it was proven for.
        access(all) let triggerId: String
        /// The epoch in the url and first of the words.
        access(all) let epoch: UInt64
        access(self) let handlerUUID: UInt64
        access(self) let words: [UInt256]

        /// The attested words, for the handler that this was made for.
        ///
        /// @param handler: the resource whose `handle` was called, by itself: `&self`
        access(all) view fun accept(handler: &{Handler}): [UInt256] {
            pre {
                handler.uuid == self.handlerUUID:
                    "FlareFDCTriggers.Delivery.accept: the delivery is for resource \(self.handlerUUID), not \(handler.uuid)"
            }
            return self.words
        }

        init(triggerId: String, epoch: UInt64, handlerUUID: UInt64, words: [UInt256]) {
            self.triggerId = triggerId
            self.epoch = epoch
            self.handlerUUID = handlerUUID
            self.words = words
        }
    }

    /// Announces triggers; can neither change nor remove one, nor deliver anything.
    access(all) resource Admin {

        /// Announces the next version of a trigger; it counts after the notice. Returns its id, `name/version`.
        ///
        /// @param name: what is attested, in a few letters
        /// @param handler: the resource that will receive the words
        access(Announce) fun announce(name: String, template: Template, handler: Capability<&{Handler}>): String {
            pre {
                handler.check(): "FlareFDCTriggers.Admin.announce: there is no handler behind the capability"
            }
            let version = (FlareFDCTriggers.versions[name] ?? 0) + 1
            let trigger = Trigger(
                triggerId: "\(name)/\(version)",
                template: template,
                effectiveAt: getCurrentBlock().timestamp + FlareFDCTriggers.noticeSeconds,
                handler: handler
            )
            FlareFDCTriggers.versions[name] = version
            FlareFDCTriggers.triggers[trigger.triggerId] = trigger
            FlareFDCTriggers.delivered[trigger.triggerId] = {}
            emit TriggerAnnounced(
                triggerId: trigger.triggerId,
                template: template,
                handler: handler.address,
                effectiveAt: trigger.effectiveAt
            )
            return trigger.triggerId
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// Asks whoever attests for an epoch that is due.
    access(all) fun requestEpoch(triggerId: String, epoch: UInt64) {
        self.requireUndelivered(triggerId: triggerId, epoch: epoch)
        emit EpochRequested(triggerId: triggerId, epoch: epoch)
    }

    /// Proves an attested response and hands its words to the trigger's handler.
    ///
    /// @param votingRound: the round in which Flare confirmed it
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
        self.hand(triggerId: triggerId, epoch: epoch, words: words)
    }

    /* --- VIEWS --- */

    /// The exact response that a trigger accepts for these values, hex. Panics for a trigger that does not count yet.
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
            message: "FlareFDCTriggers: trigger \(triggerId) counts from \(trigger.effectiveAt) on"
        )
        assert(
            words.length == trigger.template.words,
            message: "FlareFDCTriggers: trigger \(triggerId) attests \(trigger.template.words) words, not \(words.length)"
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

    /// Whether the epoch was handed to the trigger's handler, or a later one has its place.
    access(all) view fun isDelivered(triggerId: String, epoch: UInt64): Bool {
        if let places = &self.delivered[triggerId] as &{UInt64: UInt64}? {
            if let newest = places[epoch % self.PLACES] {
                return newest >= epoch
            }
        }
        return false
    }

    /// A trigger by its id, `name/version`.
    access(all) view fun trigger(_ triggerId: String): Trigger? {
        return self.triggers[triggerId]
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
            message: "FlareFDCTriggers: epoch \(epoch) of \(triggerId) is delivered already, or a later one in its place"
        )
    }

    access(self) fun markDelivered(triggerId: String, epoch: UInt64) {
        let places = &self.delivered[triggerId] as auth(Insert) &{UInt64: UInt64}?
        places!.insert(key: epoch % self.PLACES, epoch)
    }

    access(self) fun hand(triggerId: String, epoch: UInt64, words: [UInt256]) {
        let handler = self.borrowTrigger(triggerId).handler.borrow()
            ?? panic("FlareFDCTriggers: the handler of \(triggerId) is gone")
        let delivery <- create Delivery(triggerId: triggerId, epoch: epoch, handlerUUID: handler.uuid, words: words)
        handler.handle(delivery: &delivery as &Delivery)
        destroy delivery
    }

    /// 32 bytes of a number, hex.
    access(contract) view fun word(_ number: UInt256): String {
        return String.encodeHex(number.toBigEndianBytes())
    }

    /// An epoch as the url writes it, ten ASCII digits, here in hex.
    access(contract) view fun digits(_ epoch: UInt64): String {
        pre {
            epoch < 10_000_000_000: "FlareFDCTriggers: an epoch has at most ten digits, not \(epoch)"
        }
        // With a one in front there are always eleven digits.
        return String.encodeHex((epoch + 10_000_000_000).toString().slice(from: 1, upTo: 11).utf8)
    }

    /// @param noticeSeconds: how long before its first delivery a trigger is announced
    init(noticeSeconds: UFix64) {
        self.AdminStoragePath = /storage/flareFDCTriggersAdmin
        self.PLACES = 2_016
        self.noticeSeconds = noticeSeconds
        self.triggers = {}
        self.versions = {}
        self.delivered = {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
    }
}
