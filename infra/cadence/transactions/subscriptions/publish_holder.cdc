import "SubscriptionOwnership"

/// Lets others move their subscriptions to the signer.
transaction {

    prepare(signer: auth(SaveValue, IssueStorageCapabilityController, PublishCapability) &Account) {
        let path = SubscriptionOwnership.HolderStoragePath
        if signer.storage.type(at: path) == nil {
            signer.storage.save(<-SubscriptionOwnership.createHolder(), to: path)
        }
        signer.capabilities.publish(
            signer.capabilities.storage.issue<&SubscriptionOwnership.Holder>(path),
            at: SubscriptionOwnership.HolderPublicPath
        )
    }
}
