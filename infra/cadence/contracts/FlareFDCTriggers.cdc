import "FlareOracleVerifier"

/// Hands what Flare attested to the contract that waits for it, once.
///
/// A trigger pins every byte of an attested `Web2Json` response but the voting round, the timestamp, the epoch in the
/// url and the attested values. Nothing is decoded: the response is rendered from the trigger's template and the
/// caller's typed values, hashed and proven. Whatever differs anywhere simply has another hash.
///
/// Only the admin adds a trigger or a version of one; a version is active after a public delay, and never changes.
/// Anyone may ask for an epoch, and anyone may deliver its proof.
access(all) contract FlareFDCTriggers {

    /// Somebody wants an epoch attested and delivered.
    access(all) event EpochRequested(triggerId: String, epoch: UInt64, by: Address)

    /// A version of a trigger was announced.
    access(all) event VersionAdded(triggerId: String, version: UInt64, activeFrom: UFix64, templateHash: String)

    /// A response was proven and handed to the trigger's handler.
    access(all) event Delivered(triggerId: String, version: UInt64, epoch: UInt64, votingRound: UInt64)

    /// Entitles this contract, and nobody else, to hand over a response.
    access(all) entitlement Deliver

    /// What may be attested, cut at what may vary; hex without 0x. The response is
    ///
    ///     head | voting round (word) | timestamp (word) | beforeEpoch | ten ASCII digits | afterEpoch | words
    access(all) struct Template {
        access(all) let head: String
        access(all) let beforeEpoch: String
        access(all) let afterEpoch: String
        access(all) let wordCount: Int

        init(head: String, beforeEpoch: String, afterEpoch: String, wordCount: Int) {
            pre {
                head.length == 192: "FlareFDCTriggers.Template: a head is three words, 192 hex digits, not \(head.length)"
                wordCount > 0: "FlareFDCTriggers.Template: a response has at least the epoch"
            }
            self.head = head.toLower()
            self.beforeEpoch = beforeEpoch.toLower()
            self.afterEpoch = afterEpoch.toLower()
            self.wordCount = wordCount
        }

        /// The response with these values, hex.
        access(all) fun render(votingRound: UInt64, lowestUsedTimestamp: UInt64, epoch: UInt64, words: [UInt256]): String {
            pre {
                words.length == self.wordCount:
                    "FlareFDCTriggers.Template.render: \(words.length) words, not \(self.wordCount)"
                words[0] == UInt256(epoch):
                    "FlareFDCTriggers.Template.render: the attested epoch is \(words[0]), not \(epoch)"
                epoch < 10_000_000_000: "FlareFDCTriggers.Template.render: an epoch has at most ten digits"
            }
            let parts: [String] = [
                self.head,
                FlareFDCTriggers.word(UInt256(votingRound)),
                FlareFDCTriggers.word(UInt256(lowestUsedTimestamp)),
                self.beforeEpoch,
                String.encodeHex(FlareFDCTriggers.tenDigits(epoch).utf8),
                self.afterEpoch
            ]
            for value in words {
                parts.append(FlareFDCTriggers.word(value))
            }
            return String.join(parts, separator: "")
        }
    }

    /// A template and since when it counts.
    access(all) struct Version {
        access(all) let template: Template
        access(all) let activeFrom: UFix64

        init(template: Template, activeFrom: UFix64) {
            self.template = template
            self.activeFrom = activeFrom
        }
    }

    /// What a handler gets: proven values of one epoch.
    access(all) struct Response {
        access(all) let triggerId: String
        access(all) let version: UInt64
        access(all) let epoch: UInt64
        access(all) let votingRound: UInt64
        access(all) let words: [UInt256]

        init(triggerId: String, version: UInt64, epoch: UInt64, votingRound: UInt64, words: [UInt256]) {
            self.triggerId = triggerId
            self.version = version
            self.epoch = epoch
            self.votingRound = votingRound
            self.words = words
        }
    }

    /// Takes what a trigger's responses say. A handler runs in the transaction of whoever delivers, one trigger at a
    /// time, so what it costs or breaks is felt by its own trigger alone.
    access(all) resource interface Handler {
        access(Deliver) fun handle(_ response: Response)
    }

    /// A trigger: its versions, its handler, and which epochs it has had.
    access(all) resource Trigger {
        access(all) let triggerId: String
        access(self) let versions: [Version]
        access(self) let handler: Capability<auth(Deliver) &{Handler}>
        /// The newest delivered epoch; one that is `epochsKept` older is refused, since its successors say more.
        access(all) var newestEpoch: UInt64
        access(self) let delivered: {UInt64: Bool}
        access(self) let deliveredOrder: [UInt64]

        access(contract) fun add(_ version: Version) {
            self.versions.append(version)
        }

        access(all) view fun getVersion(_ version: UInt64): Version? {
            return version < UInt64(self.versions.length) ? self.versions[version] : nil
        }

        /// The newest version that counts at this moment.
        access(all) view fun activeVersion(): UInt64? {
            var at = self.versions.length
            while at > 0 {
                at = at - 1
                if self.versions[at].activeFrom <= getCurrentBlock().timestamp {
                    return UInt64(at)
                }
            }
            return nil
        }

        access(all) view fun wasDelivered(_ epoch: UInt64): Bool {
            return self.delivered[epoch] ?? false
        }

        access(contract) fun deliver(_ response: Response) {
            let epoch = response.epoch
            assert(!self.wasDelivered(epoch), message: "FlareFDCTriggers.deliver: epoch \(epoch) was delivered already")
            assert(
                epoch + FlareFDCTriggers.epochsKept > self.newestEpoch,
                message: "FlareFDCTriggers.deliver: epoch \(epoch) is too old, the newest is \(self.newestEpoch)"
            )
            self.delivered[epoch] = true
            self.deliveredOrder.append(epoch)
            if epoch > self.newestEpoch {
                self.newestEpoch = epoch
            }
            if UInt64(self.deliveredOrder.length) > FlareFDCTriggers.epochsKept {
                self.delivered.remove(key: self.deliveredOrder.removeFirst())
            }
            let handler = self.handler.borrow()
                ?? panic("FlareFDCTriggers.deliver: the handler of \(self.triggerId) is not there")
            handler.handle(response)
        }

        init(triggerId: String, handler: Capability<auth(Deliver) &{Handler}>) {
            self.triggerId = triggerId
            self.versions = []
            self.handler = handler
            self.newestEpoch = 0
            self.delivered = {}
            self.deliveredOrder = []
        }
    }

    /// Adds triggers and versions; nothing that was added can be changed or removed.
    access(all) resource Admin {

        /// A new trigger; its first version counts at once, since nobody relies on it yet.
        access(all) fun addTrigger(
            triggerId: String,
            template: Template,
            handler: Capability<auth(Deliver) &{Handler}>
        ) {
            pre {
                FlareFDCTriggers.borrowTrigger(triggerId) == nil:
                    "FlareFDCTriggers.Admin.addTrigger: the trigger \(triggerId) is there already"
                handler.check(): "FlareFDCTriggers.Admin.addTrigger: the handler cannot be borrowed"
            }
            let old <- FlareFDCTriggers.triggers[triggerId] <- create Trigger(triggerId: triggerId, handler: handler)
            destroy old
            FlareFDCTriggers.announce(triggerId: triggerId, template: template, activeFrom: getCurrentBlock().timestamp)
        }

        /// A new version of a trigger, after the public delay.
        access(all) fun addVersion(triggerId: String, template: Template) {
            FlareFDCTriggers.announce(
                triggerId: triggerId,
                template: template,
                activeFrom: getCurrentBlock().timestamp + FlareFDCTriggers.delaySeconds
            )
        }
    }

    access(all) let AdminStoragePath: StoragePath
    /// How long a new version is public before it counts.
    access(all) let delaySeconds: UFix64
    /// How many delivered epochs are remembered, and how far behind the newest one an epoch may be.
    access(all) let epochsKept: UInt64
    access(self) let triggers: @{String: Trigger}

    /// Says that an epoch is wanted; whoever runs an attestation service can see it.
    access(all) fun requestEpoch(triggerId: String, epoch: UInt64, by: &Account) {
        pre {
            self.borrowTrigger(triggerId) != nil: "FlareFDCTriggers.requestEpoch: there is no trigger \(triggerId)"
        }
        emit EpochRequested(triggerId: triggerId, epoch: epoch, by: by.address)
    }

    /// Proves a response and hands it to the trigger's handler.
    ///
    /// @param version: which template the response was made by; it must count already
    /// @param words: the attested values, the epoch first
    /// @param proof: the siblings' hashes bottom-up, hex
    access(all) fun deliver(
        triggerId: String,
        version: UInt64,
        votingRound: UInt64,
        lowestUsedTimestamp: UInt64,
        epoch: UInt64,
        words: [UInt256],
        proof: [String]
    ) {
        let trigger = self.borrowTrigger(triggerId)
            ?? panic("FlareFDCTriggers.deliver: there is no trigger \(triggerId)")
        let chosen = trigger.getVersion(version)
            ?? panic("FlareFDCTriggers.deliver: \(triggerId) has no version \(version)")
        assert(
            chosen.activeFrom <= getCurrentBlock().timestamp,
            message: "FlareFDCTriggers.deliver: version \(version) of \(triggerId) counts from \(chosen.activeFrom)"
        )
        let response = chosen.template.render(
            votingRound: votingRound,
            lowestUsedTimestamp: lowestUsedTimestamp,
            epoch: epoch,
            words: words
        )
        FlareOracleVerifier.verify(response: response, proof: proof)
        trigger.deliver(
            Response(triggerId: triggerId, version: version, epoch: epoch, votingRound: votingRound, words: words)
        )
        emit Delivered(triggerId: triggerId, version: version, epoch: epoch, votingRound: votingRound)
    }

    /// A trigger to look at.
    access(all) view fun borrowTrigger(_ triggerId: String): &Trigger? {
        return &self.triggers[triggerId]
    }

    access(contract) fun announce(triggerId: String, template: Template, activeFrom: UFix64) {
        let trigger = self.borrowTrigger(triggerId)
            ?? panic("FlareFDCTriggers: there is no trigger \(triggerId)")
        var version: UInt64 = 0
        while trigger.getVersion(version) != nil {
            version = version + 1
        }
        trigger.add(Version(template: template, activeFrom: activeFrom))
        let whole = "\(template.head)\(template.beforeEpoch)\(template.afterEpoch)".decodeHex()
        emit VersionAdded(
            triggerId: triggerId,
            version: version,
            activeFrom: activeFrom,
            templateHash: String.encodeHex(HashAlgorithm.KECCAK_256.hash(whole))
        )
    }

    /// A value as the ABI writes it: 64 hex digits.
    access(contract) view fun word(_ value: UInt256): String {
        return String.encodeHex(value.toBigEndianBytes())
    }

    /// An epoch as the attested url writes it.
    access(contract) view fun tenDigits(_ epoch: UInt64): String {
        return (epoch + 10_000_000_000).toString().slice(from: 1, upTo: 11)
    }

    init() {
        self.AdminStoragePath = /storage/flareFDCTriggersAdmin
        self.delaySeconds = 259_200.0
        self.epochsKept = 2_016
        self.triggers <- {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
    }
}
