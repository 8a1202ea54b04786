import "FungibleToken"
import "SubscriptionCustody"
import "SubscriptionOwnership"

/// Adds to a deposit, the signer's own or another's. Only an owner is named in the event.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let holder: auth(SubscriptionOwnership.Fund) &SubscriptionOwnership.Holder?
    let payment: @{FungibleToken.Vault}

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Fund) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        )
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &{FungibleToken.Vault}>(
            from: SubscriptionCustody.tokenStoragePath
        ) ?? panic("top_up: the signer has no vault at \(SubscriptionCustody.tokenStoragePath)")
        self.payment <- vault.withdraw(amount: amount)
    }

    execute {
        if self.holder?.holds(subscriptionId) ?? false {
            self.holder!.topUp(subscriptionId: subscriptionId, payment: <-self.payment)
        } else {
            SubscriptionCustody.topUp(subscriptionId: subscriptionId, payment: <-self.payment)
        }
    }
}
