import "FlowToken"
import "FungibleToken"
import "SimpleUsageSubscriptions"

/// Adds to a deposit, the signer's own or another's.
transaction(accountId: UInt64, amount: UFix64) {
    prepare(signer: auth(BorrowValue) &Account) {
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
            from: /storage/flowTokenVault
        ) ?? panic("top_up: the signer has no FLOW")
        SimpleUsageSubscriptions.topUp(
            accountId: accountId,
            payment: <-(vault.withdraw(amount: amount) as! @FlowToken.Vault)
        )
    }
}
