import "FlowToken"
import "SimpleUsageSubscriptions"

/// Takes out what was paid for usage.
transaction(amount: UFix64) {
    prepare(signer: auth(BorrowValue) &Account) {
        let admin = signer.storage.borrow<auth(SimpleUsageSubscriptions.Collect) &SimpleUsageSubscriptions.Admin>(
            from: SimpleUsageSubscriptions.AdminStoragePath
        ) ?? panic("withdraw_revenue: the signer is not the provider")
        let wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("withdraw_revenue: the signer has no vault for FLOW")
        wallet.deposit(from: <-admin.withdrawRevenue(amount: amount))
    }
}
