import "UsageBasedSubscriptions"

/// Gives tokens of the unclaimed revenue back to a subscription.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let admin: auth(UsageBasedSubscriptions.Correct) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Correct) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("credit: the signer is not the provider")
    }

    execute {
        self.admin.credit(subscriptionId: subscriptionId, amount: amount)
    }
}
