import "UsageBasedSubscriptions"

/// Lets an owner who has requested an exit and owes nothing leave now.
transaction(subscriptionId: UInt64) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("waive_exit_notice: the signer is not the provider")
    }

    execute {
        self.admin.waiveExitNotice(subscriptionId)
    }
}
