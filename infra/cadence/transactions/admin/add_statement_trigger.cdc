import "FlareFDCTriggers"
import "UsageBasedSubscriptions"

/// Pins the statements that may be attested and hands them to UsageBasedSubscriptions; does nothing where that is done.
transaction(triggerId: String, head: String, beforeEpoch: String, afterEpoch: String, wordCount: Int) {

    prepare(signer: auth(BorrowValue, IssueStorageCapabilityController) &Account) {
        if FlareFDCTriggers.borrowTrigger(triggerId) != nil {
            return
        }
        let admin = signer.storage.borrow<&FlareFDCTriggers.Admin>(from: FlareFDCTriggers.AdminStoragePath)
            ?? panic("The signer does not administer FlareFDCTriggers")
        let handler = signer.capabilities.storage.issue<auth(FlareFDCTriggers.Deliver) &{FlareFDCTriggers.Handler}>(
            UsageBasedSubscriptions.HandlerStoragePath
        )
        let template = FlareFDCTriggers.Template(
            head: head,
            beforeEpoch: beforeEpoch,
            afterEpoch: afterEpoch,
            wordCount: wordCount
        )
        admin.addTrigger(triggerId: triggerId, template: template, handler: handler)
    }
}
