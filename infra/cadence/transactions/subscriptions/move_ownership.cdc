import "UsageBasedSubscriptions"

/// Moves a subscription to another account, which has published its holder.
transaction(subscriptionId: UInt64, recipient: Address) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder
    let receiver: &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("move_ownership: the signer holds no subscriptions")
        self.receiver = getAccount(recipient).capabilities.borrow<&UsageBasedSubscriptions.Holder>(
            UsageBasedSubscriptions.HolderPublicPath
        ) ?? panic("move_ownership: \(recipient) has published no holder")
    }

    execute {
        self.receiver.add(ownership: <-self.holder.remove(subscriptionId: subscriptionId))
    }
}
