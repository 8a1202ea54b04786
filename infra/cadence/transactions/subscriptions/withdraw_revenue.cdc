import "FungibleToken"
import "SubscriptionCustody"
import "UsageBasedSubscriptions"

/// Takes out what was charged and is no longer held back.
transaction(amount: UFix64) {

    let admin: auth(UsageBasedSubscriptions.Collect) &UsageBasedSubscriptions.Admin
    let receiver: &{FungibleToken.Receiver}

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Collect) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("withdraw_revenue: the signer is not the provider")
        self.receiver = signer.capabilities.borrow<&{FungibleToken.Receiver}>(SubscriptionCustody.receiverPath)
            ?? panic("withdraw_revenue: the signer publishes no receiver at \(SubscriptionCustody.receiverPath)")
    }

    execute {
        self.admin.withdrawRevenue(amount: amount, receiver: self.receiver)
    }
}
