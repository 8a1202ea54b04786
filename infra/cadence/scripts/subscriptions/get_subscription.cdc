import "SubscriptionAccounts"
import "SubscriptionCustody"
import "SubscriptionPlans"
import "UsageBasedSubscriptions"

/// A subscription with its plan and its status in words.
access(all) struct Answer {
    access(all) let subscriptionId: UInt64
    access(all) let owner: Address
    access(all) let planId: UInt64
    access(all) let planVersion: UInt64
    /// Whether the plan, and so what is owed, is in dollars.
    access(all) let isInDollars: Bool
    access(all) let balance: UFix64
    access(all) let deposited: UFix64
    access(all) let credited: UFix64
    access(all) let charged: UFix64
    access(all) let withdrawn: UFix64
    access(all) let refunded: UFix64
    access(all) let owed: UFix64
    access(all) let settledMicrotokens: UInt64
    access(all) let settledEpoch: UInt64
    access(all) let exitAt: UFix64?
    access(all) let status: String
    access(all) let spendable: UFix64
    access(all) let spendCap: UFix64?
    access(all) let epochLimit: UFix64

    init(
        _ subscriptionId: UInt64,
        _ subscription: SubscriptionAccounts.Subscription,
        _ ledger: SubscriptionAccounts.Ledger
    ) {
        let plan = SubscriptionPlans.version(ledger.planIndex)
        self.subscriptionId = subscriptionId
        self.owner = ledger.owner
        self.planId = plan.planId
        self.planVersion = plan.planVersion
        self.isInDollars = ledger.isInDollars
        self.balance = subscription.balance()
        self.deposited = ledger.deposited(&subscription as &SubscriptionAccounts.Subscription)
        self.credited = ledger.credited
        self.charged = subscription.charged
        self.withdrawn = ledger.withdrawn
        self.refunded = ledger.refunded
        self.owed = ledger.owed
        self.settledMicrotokens = subscription.settledMicrotokens()
        self.settledEpoch = subscription.settledEpoch()
        self.exitAt = ledger.exit?.at
        self.status = ledger.status()
        self.spendable = UsageBasedSubscriptions.standingOf(subscriptionId).spendable
        self.epochLimit = ledger.epochLimit
        self.spendCap = ledger.spendCap?.limit
    }
}

/// A subscription by its id; nil if there is none.
access(all) fun main(subscriptionId: UInt64): Answer? {
    if let subscription = SubscriptionCustody.subscription(subscriptionId) {
        return Answer(subscriptionId, subscription, SubscriptionCustody.ledger(subscriptionId)!)
    }
    return nil
}
