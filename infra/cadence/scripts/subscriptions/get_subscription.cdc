import "UsageBasedSubscriptions"

/// A subscription with its plan and its status in words.
access(all) struct Answer {
    access(all) let subscriptionId: UInt64
    access(all) let owner: Address
    access(all) let planId: UInt64
    access(all) let planVersion: UInt64
    access(all) let balance: UFix64
    access(all) let deposited: UFix64
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

    init(_ subscriptionId: UInt64, _ subscription: UsageBasedSubscriptions.Subscription) {
        let plan = UsageBasedSubscriptions.planOf(subscriptionId)
        self.subscriptionId = subscriptionId
        self.owner = subscription.owner
        self.planId = plan.planId
        self.planVersion = plan.planVersion
        self.balance = subscription.balance()
        self.deposited = subscription.deposited
        self.charged = subscription.charged
        self.withdrawn = subscription.withdrawn
        self.refunded = subscription.refunded
        self.owed = subscription.owed
        self.settledMicrotokens = subscription.settledMicrotokens
        self.settledEpoch = subscription.settledEpoch
        self.exitAt = subscription.exitAt
        self.status = subscription.status()
        self.spendable = subscription.spendable()
        self.spendCap = subscription.spendCap?.limit
    }
}

/// A subscription by its id; nil if there is none.
access(all) fun main(subscriptionId: UInt64): Answer? {
    if let subscription = UsageBasedSubscriptions.subscription(subscriptionId) {
        return Answer(subscriptionId, subscription)
    }
    return nil
}
