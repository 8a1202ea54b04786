import "SubscriptionOwnership"

/// Sets the most that may be charged in 30 days, in tokens; nil takes the cap away.
transaction(subscriptionId: UInt64, limit: UFix64?) {

    let holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("set_spend_cap: the signer holds no subscriptions")
    }

    execute {
        self.holder.setSpendCap(subscriptionId: subscriptionId, limit: limit)
    }
}
