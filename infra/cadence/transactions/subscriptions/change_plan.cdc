import "SubscriptionOwnership"
import "SubscriptionPlans"

/// Accepts the newest effective version of a plan; it counts from the next statement on.
transaction(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64) {

    let holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
            from: SubscriptionOwnership.HolderStoragePath
        ) ?? panic("change_plan: the signer holds no subscriptions")
    }

    execute {
        SubscriptionPlans.change(
            holder: self.holder,
            subscriptionId: subscriptionId,
            planId: planId,
            planVersion: planVersion
        )
    }
}
