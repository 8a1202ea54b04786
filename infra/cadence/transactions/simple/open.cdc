import "FlowToken"
import "FungibleToken"
import "SimpleUsageSubscriptions"

/// Opens a prepaid account with a deposit from the signer's FLOW; the pass is stored with the signer.
transaction(deposit: UFix64) {
    prepare(signer: auth(BorrowValue, SaveValue) &Account) {
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
            from: /storage/flowTokenVault
        ) ?? panic("open: the signer has no FLOW")
        let pass <- SimpleUsageSubscriptions.open(
            deposit: <-(vault.withdraw(amount: deposit) as! @FlowToken.Vault)
        )
        signer.storage.save(<-pass, to: /storage/simpleUsageSubscriptionsPass)
    }
}
