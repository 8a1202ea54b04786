import "GraduatedPricing"
import "SubscriptionPlans"
import "UsageBasedSubscriptions"

/// Announces a version of a plan. Does nothing if that version is announced already.
///
/// @param planVersion: 1 for a new plan, else the version after the newest
/// @param isInDollars: whether the prices are dollars; else they are tokens of the vault
/// @param ends: where each tier but the last ends, in rated tokens
/// @param prices: price of 1,000 rated tokens in each tier, one more than there are ends
transaction(
    planId: UInt64,
    planVersion: UInt64,
    isInDollars: Bool,
    ends: [UInt64],
    prices: [UFix64],
    minimumDeposit: UFix64,
    lowBalance: UFix64
) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin?

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        )
    }

    pre {
        prices.length == ends.length + 1: "add_plan: \(ends.length) ends need one price more, not \(prices.length)"
        planVersion <= SubscriptionPlans.versionsOf(planId) + 1:
            "add_plan: version \(SubscriptionPlans.versionsOf(planId) + 1) of plan \(planId) comes next, not \(planVersion)"
    }

    execute {
        if planVersion <= SubscriptionPlans.versionsOf(planId) {
            return
        }
        let tiers: [GraduatedPricing.Tier] = []
        for position, price in prices {
            let end = position < ends.length ? ends[position] : nil
            tiers.append(GraduatedPricing.Tier(endTokens: end, price: price))
        }
        let admin = self.admin ?? panic("add_plan: the signer is not the provider")
        admin.addPlan(
            planId: planId,
            isInDollars: isInDollars,
            tiers: tiers,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance
        )
    }
}
