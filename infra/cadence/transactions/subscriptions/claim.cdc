import "SubscriptionOwnership"

/// Records the signer as the owner of a subscription in a holder that was moved here as a whole.
transaction(subscriptionId: UInt64) {

    let holder: auth(SubscriptionOwnership.Transfer) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Transfer) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("claim: the signer holds no subscriptions")
    }

    execute {
        self.holder.claim(subscriptionId: subscriptionId)
    }
}
