import "SubscriptionPlans"

/// What a cumulative rated total costs on a plan.
access(all) fun main(planId: UInt64, ratedMicrotokens: UInt64): UFix64 {
    return SubscriptionPlans.quote(planId: planId, ratedMicrotokens: ratedMicrotokens)
}
