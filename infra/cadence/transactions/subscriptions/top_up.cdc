import "FlowToken"
import "FungibleToken"
import "UsageBasedSubscriptions"

/// Adds to a deposit, the signer's own or another's. Only an owner is named in the event.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder?
    let payment: @FlowToken.Vault

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        )
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
            from: /storage/flowTokenVault
        ) ?? panic("top_up: the signer has no FLOW")
        self.payment <- vault.withdraw(amount: amount) as! @FlowToken.Vault
    }

    execute {
        if self.holder?.holds(subscriptionId) ?? false {
            self.holder!.topUp(subscriptionId: subscriptionId, payment: <-self.payment)
        } else {
            UsageBasedSubscriptions.topUp(subscriptionId: subscriptionId, payment: <-self.payment)
        }
    }
}
