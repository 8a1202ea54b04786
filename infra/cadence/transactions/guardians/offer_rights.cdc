import "CodeUpdates"
import "FlareFDCTriggers"
import "SimpleUsageSubscriptions"
import "UsageBasedSubscriptions"

/// Offers all rights of the account of the contracts to guardians: an account of several keys, none of which signs alone.
/// They take them with `take_rights.cdc`; until then the signer has none of them. Does nothing if an offer waits.
transaction(guardians: Address) {
    prepare(signer: auth(LoadValue, SaveValue, IssueStorageCapabilityController, PublishInboxCapability) &Account) {
        let offerPath = CodeUpdates.OfferStoragePath
        if signer.storage.type(at: offerPath) != nil {
            return
        }
        let rights: @{StoragePath: AnyResource} <- {}
        for path in [
            CodeUpdates.UpdaterStoragePath,
            FlareFDCTriggers.AdminStoragePath,
            UsageBasedSubscriptions.AdminStoragePath,
            SimpleUsageSubscriptions.AdminStoragePath
        ] {
            let right <- signer.storage.load<@AnyResource>(from: path)
                ?? panic("offer_rights: the signer has no rights at \(path)")
            rights[path] <-! right
        }
        signer.storage.save(<-CodeUpdates.createOffer(guardians: guardians, rights: <-rights), to: offerPath)
        signer.inbox.publish(
            signer.capabilities.storage.issue<auth(CodeUpdates.Take) &CodeUpdates.Offer>(offerPath),
            name: "flareflow-rights",
            recipient: guardians
        )
    }
}
