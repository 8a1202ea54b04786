import "UsageBasedSubscriptions"

/// Stays after all.
transaction(subscriptionId: UInt64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("cancel_exit: the signer holds no subscriptions")
    }

    execute {
        self.holder.cancelExit(subscriptionId: subscriptionId)
    }
}
