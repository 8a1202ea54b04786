import "FlareFDCTriggers"
import "FlareOracleVerifier"
import "SubscriptionCustody"
import "SubscriptionPlans"

/// What the contracts hold, how many subscriptions they have, and how long each notice is, for everybody to read.
access(all) struct Books {
    /// All tokens in custody: balances, and revenue that is not taken out.
    access(all) let held: UFix64
    /// The sum of all balances.
    access(all) let balances: UFix64
    /// What was charged and is not taken out.
    access(all) let unclaimedRevenue: UFix64
    access(all) let subscriptionsOpened: UInt64
    /// When the newest statement was confirmed, in seconds since 1970; 0 before the first.
    access(all) let lastStatementAt: UFix64
    /// Seconds between the request of an exit and the end of its notice.
    access(all) let exitNoticeSeconds: UFix64
    /// Seconds in which a confirmed statement can still be settled before an owner leaves.
    access(all) let settlementGraceSeconds: UFix64
    /// Seconds between the announcement of a dearer version of a plan and its first acceptance.
    access(all) let planNoticeSeconds: UFix64
    /// Seconds between the announcement of another request to Flare and its first delivery.
    access(all) let triggerNoticeSeconds: UFix64
    /// Seconds for which what was charged is held back, so that it can be given back.
    access(all) let revenueDelaySeconds: UFix64
    /// Flare's newest signing policy, as the light client knows it.
    access(all) let policy: FlareOracleVerifier.Status

    init() {
        self.held = SubscriptionCustody.vaultBalance()
        self.balances = SubscriptionCustody.totalBalance
        self.unclaimedRevenue = SubscriptionCustody.revenue.unclaimed
        self.subscriptionsOpened = SubscriptionCustody.subscriptionsOpened()
        self.lastStatementAt = SubscriptionCustody.lastStatementAt
        self.exitNoticeSeconds = SubscriptionCustody.exitNoticeSeconds
        self.settlementGraceSeconds = SubscriptionCustody.settlementGraceSeconds
        self.planNoticeSeconds = SubscriptionPlans.noticeSeconds
        self.triggerNoticeSeconds = FlareFDCTriggers.noticeSeconds
        self.revenueDelaySeconds = SubscriptionCustody.revenue.delaySeconds
        self.policy = FlareOracleVerifier.status()
    }
}

/// The books of the contracts.
access(all) fun main(): Books {
    return Books()
}
