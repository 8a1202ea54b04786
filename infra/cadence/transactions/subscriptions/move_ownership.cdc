import "SubscriptionOwnership"

/// Moves a subscription to another account, which has published its holder.
transaction(subscriptionId: UInt64, recipient: Address) {

    let holder: auth(SubscriptionOwnership.Transfer) &SubscriptionOwnership.Holder
    let receiver: &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Transfer) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("move_ownership: the signer holds no subscriptions")
        self.receiver = getAccount(recipient).capabilities.borrow<&SubscriptionOwnership.Holder>(
            SubscriptionOwnership.HolderPublicPath
        ) ?? panic("move_ownership: \(recipient) has published no holder")
    }

    execute {
        self.receiver.add(ownership: <-self.holder.remove(subscriptionId: subscriptionId))
    }
}
