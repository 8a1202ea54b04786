import "UsageBasedSubscriptions"

/// Gives up a part of what a subscription owes, in the currency of its plan.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let admin: auth(UsageBasedSubscriptions.Correct) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Correct) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("forgive: the signer is not the provider")
    }

    execute {
        self.admin.forgive(subscriptionId: subscriptionId, amount: amount)
    }
}
