import "UsageBasedSubscriptions"

/// Announces a version of a plan; passes over one that is announced.
///
/// @param planVersion: 1 for a new plan, else the version after the newest
/// @param ends: where each tier but the last ends, in tokens
/// @param prices: FLOW for 1,000 tokens in each tier, one more than there are ends
transaction(
    planId: UInt64,
    planVersion: UInt64,
    ends: [UInt64],
    prices: [UFix64],
    minimumDeposit: UFix64,
    lowBalance: UFix64
) {

    let admin: auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin

    prepare(signer: auth(BorrowValue) &Account) {
        self.admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
            from: UsageBasedSubscriptions.AdminStoragePath
        ) ?? panic("add_plan: the signer is not the provider")
    }

    pre {
        prices.length == ends.length + 1: "add_plan: \(ends.length) ends want one price more, not \(prices.length)"
        planVersion <= UsageBasedSubscriptions.planVersionsOf(planId) + 1:
            "add_plan: version \(UsageBasedSubscriptions.planVersionsOf(planId) + 1) of plan \(planId) comes next, not \(planVersion)"
    }

    execute {
        if planVersion <= UsageBasedSubscriptions.planVersionsOf(planId) {
            return
        }
        let tiers: [UsageBasedSubscriptions.Tier] = []
        for position, price in prices {
            let end = position < ends.length ? ends[position] : nil
            tiers.append(UsageBasedSubscriptions.Tier(endTokens: end, price: price))
        }
        self.admin.addPlan(planId: planId, tiers: tiers, minimumDeposit: minimumDeposit, lowBalance: lowBalance)
    }
}
