import "UsageBasedSubscriptions"

/// Stops new subscriptions and settlement, or lets them go on.
transaction(isStopped: Bool) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("set_stopped: the signer is not the provider")
    }

    execute {
        self.admin.setStopped(isStopped)
    }
}
