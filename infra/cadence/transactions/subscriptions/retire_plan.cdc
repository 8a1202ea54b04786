import "UsageBasedSubscriptions"

/// Retires a plan for good: nobody can accept it any more.
transaction(planId: UInt64) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("retire_plan: the signer is not the provider")
    }

    execute {
        self.admin.retirePlan(planId)
    }
}
