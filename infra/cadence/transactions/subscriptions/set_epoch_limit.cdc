import "SubscriptionOwnership"

/// Sets the most that one epoch may charge, in tokens.
transaction(subscriptionId: UInt64, limit: UFix64) {

    let holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("set_epoch_limit: the signer holds no subscriptions")
    }

    execute {
        self.holder.setEpochLimit(subscriptionId: subscriptionId, limit: limit)
    }
}
