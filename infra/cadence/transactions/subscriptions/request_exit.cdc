import "SubscriptionOwnership"

/// Begins the notice after which the balance can be taken out.
transaction(subscriptionId: UInt64) {

    let holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("request_exit: the signer holds no subscriptions")
    }

    execute {
        self.holder.requestExit(subscriptionId: subscriptionId)
    }
}
