import "UsageBasedSubscriptions"

/// Sets the most that may be charged in 30 days; nil takes the limit away.
transaction(subscriptionId: UInt64, limit: UFix64?) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("set_spend_cap: the signer holds no subscriptions")
    }

    execute {
        self.holder.setSpendCap(subscriptionId: subscriptionId, limit: limit)
    }
}
