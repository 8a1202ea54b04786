import "UsageBasedSubscriptions"

/// The tiers that a new subscription on this plan accepts now, by rising end; nil if there is no such plan.
access(all) fun main(planId: UInt64): [UsageBasedSubscriptions.Tier]? {
    return UsageBasedSubscriptions.plan(planId)?.tiers()
}
