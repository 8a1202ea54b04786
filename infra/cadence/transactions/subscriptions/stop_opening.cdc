import "UsageBasedSubscriptions"

/// Stops new subscriptions until a time, at most a week away; a time that has passed lets them go on.
transaction(until: UFix64) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("stop_opening: the signer is not the provider")
    }

    execute {
        self.admin.stopOpening(until: until)
    }
}
