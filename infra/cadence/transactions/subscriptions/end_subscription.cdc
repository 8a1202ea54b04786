import "UsageBasedSubscriptions"

/// Ends a subscription after the notice of an exit; its whole balance goes back.
transaction(subscriptionId: UInt64) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("end_subscription: the signer is not the provider")
    }

    execute {
        self.admin.endSubscription(subscriptionId)
    }
}
