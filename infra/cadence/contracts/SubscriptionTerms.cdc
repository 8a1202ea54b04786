/// What an owner has decided for a subscription: the plan that comes next, the spend cap, the exit.
access(all) contract SubscriptionTerms {

    /// Length of the period of a spend cap: 30 days. `SpendCap` has it as a number, which is cheaper to read.
    access(all) let SPEND_PERIOD_SECONDS: UFix64

    /// A version of a plan that the owner has accepted and that is not in force yet.
    access(all) struct PlanChange {
        /// The plan.
        access(all) let planId: UInt64
        /// Counted from 1.
        access(all) let planVersion: UInt64
        /// Position of the version in `SubscriptionPlans`.
        access(all) let planIndex: Int
        /// Whether it is priced in dollars, and so needs a rate.
        access(all) let isInDollars: Bool
        /// A balance below this is reported, in tokens.
        access(all) let lowBalance: UFix64
        /// The first settled page of this epoch or a later one is the last that is billed by the old plan.
        access(all) let fromEpoch: UInt64

        view init(
            planId: UInt64,
            planVersion: UInt64,
            planIndex: Int,
            isInDollars: Bool,
            lowBalance: UFix64,
            fromEpoch: UInt64
        ) {
            self.planId = planId
            self.planVersion = planVersion
            self.planIndex = planIndex
            self.isInDollars = isInDollars
            self.lowBalance = lowBalance
            self.fromEpoch = fromEpoch
        }
    }

    /// The most that an owner lets be charged in a period of 30 days, in tokens.
    access(all) struct SpendCap {
        /// Tokens for one period.
        access(all) let limit: UFix64
        /// When the period ends and the next one begins.
        access(all) let periodEnd: UFix64
        /// All that had ever been charged when the period began.
        access(all) let chargedBefore: UFix64
        /// What earlier periods left owed. It is charged in this period even where it exceeds the limit, so that a cap
        /// delays a debt by one period at most.
        access(all) let carried: UFix64

        view init(limit: UFix64, periodEnd: UFix64, chargedBefore: UFix64, carried: UFix64) {
            self.limit = limit
            self.periodEnd = periodEnd
            self.chargedBefore = chargedBefore
            self.carried = carried
        }

        /// The cap in the current period, if the one that it was last looked at has ended; else nil.
        ///
        /// @param charged: all that was ever charged
        /// @param owed: tokens that are owed now
        access(all) view fun next(charged: UFix64, owed: UFix64): SpendCap? {
            let now = getCurrentBlock().timestamp
            let end = self.periodEnd
            if now < end {
                return nil
            }
            return SpendCap(
                limit: self.limit,
                periodEnd: now - (now - end) % 2_592_000.0 + 2_592_000.0,
                chargedBefore: charged,
                carried: owed
            )
        }

        /// What may still be charged in the period.
        access(all) view fun left(charged: UFix64): UFix64 {
            let limit = self.limit
            let carried = self.carried
            return (limit > carried ? limit : carried).saturatingSubtract(charged - self.chargedBefore)
        }
    }

    /// An exit that the owner or the provider has announced.
    access(all) struct Exit {
        /// When the notice ends.
        access(all) let at: UFix64
        /// Whether the provider ends the subscription. The owner cannot cancel that, and nothing is charged after `at`.
        access(all) let isByProvider: Bool
        /// Whether statements that were accepted before `at` need not be waited for.
        access(all) let isWaived: Bool
        /// Whether the exit is done and the subscription closed.
        access(all) let isClosed: Bool

        view init(at: UFix64, isByProvider: Bool, isWaived: Bool, isClosed: Bool) {
            self.at = at
            self.isByProvider = isByProvider
            self.isWaived = isWaived
            self.isClosed = isClosed
        }

        /// Whether nothing is charged any more.
        access(all) view fun hasEnded(): Bool {
            return self.isClosed || self.isByProvider && getCurrentBlock().timestamp >= self.at
        }

        /// The same exit, done.
        access(all) view fun closed(): Exit {
            return Exit(at: self.at, isByProvider: self.isByProvider, isWaived: self.isWaived, isClosed: true)
        }
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    init() {
        self.SPEND_PERIOD_SECONDS = 2_592_000.0
    }
}
