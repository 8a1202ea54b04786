import "GraduatedPricing"
import "SubscriptionPlans"

/// The tiers of a new subscription on this plan, by rising end; nil if there is no such plan.
access(all) fun main(planId: UInt64): [GraduatedPricing.Tier]? {
    return SubscriptionPlans.plan(planId)?.tariff?.tiers()
}
