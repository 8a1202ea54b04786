import "SubscriptionOwnership"

/// Cancels the exit of a subscription.
transaction(subscriptionId: UInt64) {

    let holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("cancel_exit: the signer holds no subscriptions")
    }

    execute {
        self.holder.cancelExit(subscriptionId: subscriptionId)
    }
}
