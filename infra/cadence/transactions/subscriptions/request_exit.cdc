import "UsageBasedSubscriptions"

/// Begins the notice after which the balance can be withdrawn.
transaction(subscriptionId: UInt64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("request_exit: the signer holds no subscriptions")
    }

    execute {
        self.holder.requestExit(subscriptionId: subscriptionId)
    }
}
