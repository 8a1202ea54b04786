import "FungibleToken"
import "SubscriptionCustody"
import "SubscriptionOwnership"

/// Ends a subscription after the notice; the rest of the deposit goes to the signer.
transaction(subscriptionId: UInt64) {

    let holder: auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder
    let receiver: &{FungibleToken.Receiver}

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("close_subscription: the signer holds no subscriptions")
        self.receiver = signer.capabilities.borrow<&{FungibleToken.Receiver}>(SubscriptionCustody.receiverPath)
            ?? panic("close_subscription: the signer publishes no receiver at \(SubscriptionCustody.receiverPath)")
    }

    execute {
        self.holder.close(subscriptionId: subscriptionId, receiver: self.receiver)
    }
}
