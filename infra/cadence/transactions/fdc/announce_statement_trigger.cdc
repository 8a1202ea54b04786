import "FlareFDCTriggers"

/// Announces a trigger whose attested words go to a handler on this account; passes over one that is announced.
///
/// @param triggerId: name and version, `statement/1`; versions of a name are announced in order
/// @param handler: the storage path's identifier of the resource that receives the words
transaction(triggerId: String, head: String, beforeEpoch: String, afterEpoch: String, words: Int, handler: String) {
    prepare(signer: auth(BorrowValue, IssueStorageCapabilityController) &Account) {
        if FlareFDCTriggers.trigger(triggerId) != nil {
            return
        }
        let admin = signer.storage.borrow<auth(FlareFDCTriggers.Announce) &FlareFDCTriggers.Admin>(
            from: FlareFDCTriggers.AdminStoragePath
        ) ?? panic("announce_statement_trigger: the signer has no rights over the triggers")
        let path = StoragePath(identifier: handler)
            ?? panic("announce_statement_trigger: \(handler) is no storage path")
        let announced = admin.announce(
            name: triggerId.split(separator: "/")[0],
            template: FlareFDCTriggers.Template(
                head: head,
                beforeEpoch: beforeEpoch,
                afterEpoch: afterEpoch,
                words: words
            ),
            handler: signer.capabilities.storage.issue<&{FlareFDCTriggers.Handler}>(path)
        )
        assert(
            announced == triggerId,
            message: "announce_statement_trigger: the next version is \(announced), not \(triggerId)"
        )
    }
}
