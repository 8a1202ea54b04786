import "SubscriptionCustody"

/// Updates the code of the contracts on this account, each time after an announcement and a notice.
///
/// Whoever signs for an account can replace its contracts at once. So on a public network the rights of this account go
/// to guardians, an account of several keys of which none signs alone, and then all keys of this account are revoked.
/// From then on code changes only by what this contract allows: guardians announce the hash of new code, owners have
/// time to read it and to leave, and then anyone puts exactly that code in force.
access(all) contract CodeUpdates {

    /* --- PATHS --- */

    /// Where the right to announce updates is stored.
    access(all) let UpdaterStoragePath: StoragePath
    /// Where rights wait for the guardians to whom they are offered.
    access(all) let OfferStoragePath: StoragePath

    /* --- EVENTS --- */

    /// New code of a contract was announced. Anyone can put it in force from `possibleAt` until `expiresAt`.
    access(all) event UpdateAnnounced(name: String, codeHash: String, possibleAt: UFix64, expiresAt: UFix64)
    /// What was announced will not be put in force.
    access(all) event UpdateCancelled(name: String, codeHash: String)
    /// A contract has the code that was announced.
    access(all) event CodeUpdated(name: String, codeHash: String)
    /// The guardians hold all rights that were offered to them, so that the keys of this account can be revoked.
    access(all) event RightsTaken(guardians: Address)

    /* --- ENTITLEMENTS --- */

    /// The right to announce updates, and to cancel what was announced.
    access(all) entitlement Announce
    /// The right to take rights out of an offer.
    access(all) entitlement Take

    /* --- CONFIGURATION, set at deployment for good --- */

    /// Seconds between an announcement and the first moment at which the code can be in force: at least twice as long
    /// as an exit takes.
    access(all) let noticeSeconds: UFix64

    /* --- STATE --- */

    /// What is announced, by the name of the contract.
    access(self) let announcements: {String: Announcement}

    /* --- STRUCTS --- */

    /// New code of a contract that is not in force yet.
    access(all) struct Announcement {
        /// The name of the contract; one that does not exist yet is added, without arguments.
        access(all) let name: String
        /// SHA3-256 of the code, 64 hex digits.
        access(all) let codeHash: String
        /// From when on the code can be put in force.
        access(all) let possibleAt: UFix64
        /// From when on it can no longer be, and must be announced again: a week later.
        access(all) let expiresAt: UFix64
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(name: String, codeHash: String, possibleAt: UFix64) {
            self.name = name
            self.codeHash = codeHash
            self.possibleAt = possibleAt
            self.expiresAt = possibleAt + 604_800.0
            self.extension = nil
        }

        /// Whether the code can be put in force now.
        access(all) view fun isPossible(): Bool {
            let now = getCurrentBlock().timestamp
            return now >= self.possibleAt && now < self.expiresAt
        }
    }

    /* --- RESOURCES --- */

    /// The right to announce updates.
    access(all) resource Updater {

        /// Announces new code. It replaces an earlier announcement for the same contract, and its notice begins anew.
        ///
        /// @param codeHash: SHA3-256 of the code, 64 lower-case hex digits
        access(Announce) fun announce(name: String, codeHash: String) {
            pre {
                codeHash == String.encodeHex(codeHash.decodeHex()) && codeHash.length == 64:
                    "CodeUpdates.announce: a hash has 64 lower-case hex digits, not \(codeHash)"
            }
            let announcement = Announcement(
                name: name,
                codeHash: codeHash,
                possibleAt: getCurrentBlock().timestamp + CodeUpdates.noticeSeconds
            )
            CodeUpdates.announcements[name] = announcement
            emit UpdateAnnounced(
                name: name,
                codeHash: codeHash,
                possibleAt: announcement.possibleAt,
                expiresAt: announcement.expiresAt
            )
        }

        /// Cancels what was announced for a contract.
        access(Announce) fun cancel(name: String) {
            let announcement = CodeUpdates.announcements.remove(key: name)
                ?? panic("CodeUpdates.cancel: no update of \(name) is announced")
            emit UpdateCancelled(name: name, codeHash: announcement.codeHash)
        }
    }

    /// Rights of this account on their way to guardians.
    access(all) resource Offer {
        /// To whom they are offered.
        access(all) let guardians: Address
        access(self) let rights: @{StoragePath: AnyResource}

        /// Where the rights that are not taken yet belong in storage.
        access(all) view fun paths(): [StoragePath] {
            return self.rights.keys
        }

        /// Takes a right, to be kept at its path.
        access(Take) fun take(_ path: StoragePath): @AnyResource {
            let right <- self.rights.remove(key: path) ?? panic("CodeUpdates.Offer: nothing is offered for \(path)")
            if self.rights.length == 0 {
                emit RightsTaken(guardians: self.guardians)
            }
            return <-right
        }

        init(guardians: Address, rights: @{StoragePath: AnyResource}) {
            self.guardians = guardians
            self.rights <- rights
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// Puts announced code in force after its notice. Anyone may call this.
    access(all) fun update(name: String, code: String) {
        let announcement = self.announcements.remove(key: name)
            ?? panic("CodeUpdates.update: no update of \(name) is announced")
        assert(
            announcement.isPossible(),
            message: "CodeUpdates.update: \(name) can be updated from \(announcement.possibleAt) until \(announcement.expiresAt)"
        )
        let codeHash = String.encodeHex(HashAlgorithm.SHA3_256.hash(code.utf8))
        assert(
            codeHash == announcement.codeHash,
            message: "CodeUpdates.update: the code of \(name) has the hash \(codeHash), announced was \(announcement.codeHash)"
        )
        if self.account.contracts.get(name: name) == nil {
            self.account.contracts.add(name: name, code: code.utf8)
        } else {
            self.account.contracts.update(name: name, code: code.utf8)
        }
        emit CodeUpdated(name: name, codeHash: codeHash)
    }

    /// Offers rights to guardians: an account of several keys, none of which signs alone.
    access(all) fun createOffer(guardians: Address, rights: @{StoragePath: AnyResource}): @Offer {
        self.requireSeveralKeys(guardians)
        return <-create Offer(guardians: guardians, rights: <-rights)
    }

    /* --- VIEWS --- */

    /// All that is announced and not in force, by the name of the contract; what has expired too.
    access(all) view fun pendingUpdates(): {String: Announcement} {
        return self.announcements
    }

    /// Panics if one key of an account signs alone, or if all together do not.
    access(self) fun requireSeveralKeys(_ account: Address) {
        var weight = 0.0
        let seen: {String: Bool} = {}
        getAccount(account).keys.forEach(fun (key: AccountKey): Bool {
            if !key.isRevoked && seen.insert(key: String.encodeHex(key.publicKey.publicKey), true) == nil {
                assert(key.weight < 1_000.0, message: "CodeUpdates: key \(key.keyIndex) of \(account) signs alone")
                weight = weight + key.weight
            }
            return true
        })
        assert(weight >= 1_000.0, message: "CodeUpdates: the keys of \(account) have a weight of \(weight), not of 1000")
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /// @param noticeSeconds: between an announcement and the update
    init(noticeSeconds: UFix64) {
        let needed = SubscriptionCustody.noticeSecondsMin()
        assert(
            noticeSeconds >= needed,
            message: "CodeUpdates.init: updates must be announced for \(needed) seconds, twice as long as an exit takes, not \(noticeSeconds)"
        )
        self.UpdaterStoragePath = /storage/flareflowCodeUpdater
        self.OfferStoragePath = /storage/flareflowRightsOffer
        self.noticeSeconds = noticeSeconds
        self.announcements = {}
        self.account.storage.save(<-create Updater(), to: self.UpdaterStoragePath)
    }
}
