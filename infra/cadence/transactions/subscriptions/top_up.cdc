import "FlowToken"
import "FungibleToken"
import "UsageBasedSubscriptions"

/// Adds to a deposit, the signer's own or another's.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let payment: @FlowToken.Vault

    prepare(signer: auth(BorrowValue) &Account) {
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
            from: /storage/flowTokenVault
        ) ?? panic("top_up: the signer has no FLOW")
        self.payment <- vault.withdraw(amount: amount) as! @FlowToken.Vault
    }

    execute {
        UsageBasedSubscriptions.topUp(subscriptionId: subscriptionId, payment: <-self.payment)
    }
}
