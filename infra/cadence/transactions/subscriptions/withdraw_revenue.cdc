import "FlowToken"
import "UsageBasedSubscriptions"

/// Takes out what was charged.
transaction(amount: UFix64) {

    let admin: auth(UsageBasedSubscriptions.Collect) &UsageBasedSubscriptions.Admin
    let wallet: &FlowToken.Vault

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Collect) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("withdraw_revenue: the signer is not the provider")
        self.wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("withdraw_revenue: the signer has no place for FLOW")
    }

    execute {
        self.wallet.deposit(from: <-self.admin.withdrawRevenue(amount: amount))
    }
}
