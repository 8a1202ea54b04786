import "UsageBasedSubscriptions"

/// Notes the signer as the owner of a subscription in a holder that was moved here as a whole.
transaction(subscriptionId: UInt64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("claim: the signer holds no subscriptions")
    }

    execute {
        self.holder.claim(subscriptionId: subscriptionId)
    }
}
