import "GraduatedPricing"
import "SubscriptionCustody"
import "UsageBasedSubscriptions"

/// What a subscription is billed by and what was charged, so that anybody can compute the bill again.
access(all) struct Bill {
    /// Where accounts keep a vault of the token in which deposits are held.
    access(all) let tokenStoragePath: String
    access(all) let owner: Address
    access(all) let planId: UInt64
    access(all) let planVersion: UInt64
    /// Whether the plan in force needs a rate of dollars.
    access(all) let isInDollars: Bool
    /// The tiers of the plan in force.
    access(all) let tiers: [GraduatedPricing.Tier]
    /// How much any total costs more than by the plan alone, in 1e-17 of the plan's currency.
    access(all) let costOffset: Int128
    /// The total at which the plan came into force, until its cost is in `costOffset`.
    access(all) let planFrom: UInt64?
    /// The part of a bill in dollars that was charged.
    access(all) let paidDollars: UFix64
    access(all) let charged: UFix64
    access(all) let owed: UFix64
    access(all) let balance: UFix64
    access(all) let settledMicrotokens: UInt64
    access(all) let settledEpoch: UInt64

    init(_ subscriptionId: UInt64) {
        let subscription = SubscriptionCustody.subscription(subscriptionId)!
        let ledger = SubscriptionCustody.ledger(subscriptionId)!
        let plan = UsageBasedSubscriptions.planOf(subscriptionId)
        self.tokenStoragePath = SubscriptionCustody.tokenStoragePath.toString()
        self.owner = ledger.owner
        self.planId = plan.planId
        self.planVersion = plan.planVersion
        self.isInDollars = ledger.isInDollars
        self.tiers = plan.tariff.tiers()
        self.costOffset = ledger.costOffset
        self.planFrom = ledger.planFrom
        self.paidDollars = ledger.paidDollars
        self.charged = subscription.charged
        self.owed = ledger.owed
        self.balance = subscription.balance()
        self.settledMicrotokens = subscription.settledMicrotokens()
        self.settledEpoch = subscription.settledEpoch()
    }
}

/// The bill of a subscription; nil if there is none with this id.
access(all) fun main(subscriptionId: UInt64): Bill? {
    return SubscriptionCustody.subscription(subscriptionId) == nil ? nil : Bill(subscriptionId)
}
