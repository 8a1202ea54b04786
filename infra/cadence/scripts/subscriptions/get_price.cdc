import "UsageBasedSubscriptions"

/// What totals of rated micro-tokens cost under a plan, in 1e-8 FLOW.
access(all) fun main(planId: UInt64, ratedMicrotokens: [UInt64]): [UInt256] {
    let plan = UsageBasedSubscriptions.getPlan(planId) ?? panic("There is no plan \(planId)")
    let prices: [UInt256] = []
    for total in ratedMicrotokens {
        prices.append(plan.price(ratedMicrotokens: total))
    }
    return prices
}
