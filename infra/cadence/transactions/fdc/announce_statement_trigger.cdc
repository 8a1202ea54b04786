import "FlareFDCTriggers"

/// Announces a trigger whose attested statements go to a contract of subscriptions on this account.
///
/// @param handler: the storage identifier of the resource that receives them
transaction(name: String, head: String, beforeEpoch: String, afterEpoch: String, words: Int, handler: String) {

    let admin: &FlareFDCTriggers.Admin
    let handler: Capability<&{FlareFDCTriggers.Handler}>

    prepare(signer: auth(BorrowValue, IssueStorageCapabilityController) &Account) {
        self.admin = signer.storage.borrow<&FlareFDCTriggers.Admin>(from: FlareFDCTriggers.AdminStoragePath)
            ?? panic("announce_statement_trigger: the signer has no rights over the triggers")
        let path = StoragePath(identifier: handler)
            ?? panic("announce_statement_trigger: \(handler) is no storage path")
        self.handler = signer.capabilities.storage.issue<&{FlareFDCTriggers.Handler}>(path)
    }

    execute {
        self.admin.announce(
            name: name,
            template: FlareFDCTriggers.Template(
                head: head,
                beforeEpoch: beforeEpoch,
                afterEpoch: afterEpoch,
                words: words
            ),
            handler: self.handler
        )
    }
}
