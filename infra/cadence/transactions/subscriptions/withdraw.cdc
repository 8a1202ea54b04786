import "FungibleToken"
import "SubscriptionCustody"
import "SubscriptionOwnership"

/// Takes out a part of the balance, after the notice.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let holder: auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder
    let receiver: &{FungibleToken.Receiver}

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Withdraw) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("withdraw: the signer holds no subscriptions")
        self.receiver = signer.capabilities.borrow<&{FungibleToken.Receiver}>(SubscriptionCustody.receiverPath)
            ?? panic("withdraw: the signer publishes no receiver at \(SubscriptionCustody.receiverPath)")
    }

    execute {
        self.holder.withdraw(subscriptionId: subscriptionId, amount: amount, receiver: self.receiver)
    }
}
