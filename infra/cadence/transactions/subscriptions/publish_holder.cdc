import "UsageBasedSubscriptions"

/// Lets others move their subscriptions to the signer.
transaction {

    prepare(signer: auth(SaveValue, IssueStorageCapabilityController, PublishCapability) &Account) {
        let path = UsageBasedSubscriptions.HolderStoragePath
        if signer.storage.type(at: path) == nil {
            signer.storage.save(<-UsageBasedSubscriptions.createHolder(), to: path)
        }
        signer.capabilities.publish(
            signer.capabilities.storage.issue<&UsageBasedSubscriptions.Holder>(path),
            at: UsageBasedSubscriptions.HolderPublicPath
        )
    }
}
