import "UsageBasedSubscriptions"

/// Accepts the newest effective version of a plan.
transaction(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("change_plan: the signer holds no subscriptions")
    }

    execute {
        self.holder.changePlan(subscriptionId: subscriptionId, planId: planId, planVersion: planVersion)
    }
}
