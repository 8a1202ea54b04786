import "GraduatedPricing"
import "SubscriptionCustody"

/// The plans that subscriptions can be on: their versions, since when each can be accepted, and which are retired.
///
/// A version never changes, and it binds only those who have accepted it.
access(all) contract SubscriptionPlans {

    /* --- EVENTS --- */

    /// A plan, or a new version of one, was announced. It can be accepted from `effectiveAt` on. Its prices are dollars,
    /// or else tokens of the vault, for 1,000 rated tokens.
    access(all) event PlanAdded(
        planId: UInt64,
        planVersion: UInt64,
        isInDollars: Bool,
        tiers: [GraduatedPricing.Tier],
        minimumDeposit: UFix64,
        lowBalance: UFix64,
        effectiveAt: UFix64
    )
    /// A plan can no longer be accepted. Subscriptions on it go on.
    access(all) event PlanRetired(planId: UInt64)
    /* --- CONFIGURATION, set at deployment for good --- */

    /// How long a dearer version of a plan is announced before it can be accepted: at least twice as long as an exit.
    access(all) let noticeSeconds: UFix64

    /* --- STATE --- */

    /// All versions of all plans, in the order of their announcement.
    access(self) let plans: [Plan]
    /// Indices into `plans` by plan id, oldest version first.
    access(self) let versions: {UInt64: [Int]}
    /// Plans that can no longer be accepted.
    access(self) let retired: {UInt64: Bool}

    /* --- STRUCTS --- */

    /// One version of a plan; it never changes.
    access(all) struct Plan {
        /// Position among all versions of all plans.
        access(all) let planIndex: Int
        /// The plan of which this is a version.
        access(all) let planId: UInt64
        /// Counted from 1.
        access(all) let planVersion: UInt64
        /// Whether the prices are dollars. Else they are tokens of the vault.
        access(all) let isInDollars: Bool
        /// The prices.
        access(all) let tariff: GraduatedPricing.Tariff
        /// The least balance with which the plan is accepted, in tokens.
        access(all) let minimumDeposit: UFix64
        /// A balance below this is reported, in tokens.
        access(all) let lowBalance: UFix64
        /// When it can be accepted for the first time.
        access(all) let effectiveAt: UFix64
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(
            planIndex: Int,
            planId: UInt64,
            planVersion: UInt64,
            isInDollars: Bool,
            tariff: GraduatedPricing.Tariff,
            minimumDeposit: UFix64,
            lowBalance: UFix64,
            effectiveAt: UFix64
        ) {
            self.planIndex = planIndex
            self.planId = planId
            self.planVersion = planVersion
            self.isInDollars = isInDollars
            self.tariff = tariff
            self.minimumDeposit = minimumDeposit
            self.lowBalance = lowBalance
            self.effectiveAt = effectiveAt
            self.extension = nil
        }

        /// Whether a rate is needed to charge it: a plan in dollars is charged one to one in a token that is a dollar.
        access(all) view fun needsRate(): Bool {
            return self.isInDollars && !SubscriptionCustody.isTokenDollar
        }
    }

    /* --- VIEWS --- */

    /// The version of a plan that can be accepted now, or nil.
    access(all) view fun plan(_ planId: UInt64): Plan? {
        if let plan = self.effectiveVersion(planId) {
            return self.plans[plan.planIndex]
        }
        return nil
    }

    /// A version of a plan by its position among all versions.
    access(all) view fun version(_ planIndex: Int): Plan {
        return self.plans[planIndex]
    }

    /// How many versions of a plan were announced.
    access(all) view fun versionsOf(_ planId: UInt64): UInt64 {
        return UInt64(self.versions[planId]?.length ?? 0)
    }

    /// All versions of all plans that are announced and cannot be accepted yet, without those of retired plans.
    access(all) fun announcedPlans(): [Plan] {
        let now = getCurrentBlock().timestamp
        return self.plans.filter(view fun (plan: Plan): Bool {
            return plan.effectiveAt > now && self.retired[plan.planId] == nil
        })
    }

    /// What a cumulative total costs on the version of a plan that can be accepted now, in the plan's currency.
    access(all) view fun quote(planId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let plan = self.effectiveVersion(planId)
            ?? panic("SubscriptionPlans.quote: there is no plan \(planId)")
        return plan.tariff.price(ratedMicrotokens)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /* --- FOR THE CONTRACTS OF THIS ACCOUNT --- */

    /// Announces a plan, or the next version of one.
    access(account) fun add(
        planId: UInt64,
        isInDollars: Bool,
        tiers: [GraduatedPricing.Tier],
        minimumDeposit: UFix64,
        lowBalance: UFix64
    ) {
        let indices = self.versions[planId] ?? []
        let tariff = GraduatedPricing.Tariff(tiers: tiers)
        var effectiveAt = getCurrentBlock().timestamp
        if indices.length > 0 && !self.isNowhereDearer(planId, isInDollars, tariff, minimumDeposit) {
            effectiveAt = effectiveAt + self.noticeSeconds
        }
        let plan = Plan(
            planIndex: self.plans.length,
            planId: planId,
            planVersion: UInt64(indices.length) + 1,
            isInDollars: isInDollars,
            tariff: tariff,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance,
            effectiveAt: effectiveAt
        )
        self.versions[planId] = indices.concat([plan.planIndex])
        self.plans.append(plan)
        emit PlanAdded(
            planId: planId,
            planVersion: plan.planVersion,
            isInDollars: isInDollars,
            tiers: tiers,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance,
            effectiveAt: effectiveAt
        )
    }

    /// Retires a plan for good.
    access(account) fun retire(_ planId: UInt64) {
        pre {
            self.effectiveVersion(planId) != nil: "SubscriptionPlans.retire: there is no plan \(planId)"
        }
        self.retired[planId] = true
        emit PlanRetired(planId: planId)
    }

    /// The version of a plan that an owner accepts with a deposit; it must be the newest in force.
    access(account) view fun accepted(_ planId: UInt64, _ planVersion: UInt64, deposit: UFix64): &Plan {
        let plan = self.effectiveVersion(planId) ?? panic("SubscriptionPlans: there is no plan \(planId)")
        if planVersion != plan.planVersion {
            panic("SubscriptionPlans: version \(plan.planVersion) of plan \(planId) is in force, not \(planVersion)")
        }
        if deposit < plan.minimumDeposit {
            panic("SubscriptionPlans: plan \(planId) needs a deposit of \(plan.minimumDeposit) or more, not \(deposit)")
        }
        return plan
    }

    /// All versions, by their positions.
    access(account) view fun borrowAll(): &[Plan] {
        return &self.plans
    }

    /* --- INTERNAL --- */

    /// Whether new terms are worse in nothing than the version of the plan that is in force.
    access(self) view fun isNowhereDearer(
        _ planId: UInt64,
        _ isInDollars: Bool,
        _ tariff: GraduatedPricing.Tariff,
        _ minimumDeposit: UFix64
    ): Bool {
        if let present = self.effectiveVersion(planId) {
            return isInDollars == present.isInDollars
                && minimumDeposit <= present.minimumDeposit
                && tariff.isNowhereDearer(than: present.tariff)
        }
        return false
    }

    /// The newest version of a plan whose notice has passed; nil if there is none or the plan is retired.
    access(self) view fun effectiveVersion(_ planId: UInt64): &Plan? {
        if self.retired[planId] != nil {
            return nil
        }
        let now = getCurrentBlock().timestamp
        var newest: &Plan? = nil
        for index in self.versions[planId] ?? [] {
            let plan = &self.plans[index] as &Plan
            if plan.effectiveAt <= now {
                newest = plan
            }
        }
        return newest
    }

    /// @param noticeSeconds: how long a dearer version of a plan is announced before it can be accepted
    init(noticeSeconds: UFix64) {
        self.noticeSeconds = noticeSeconds
        self.plans = []
        self.versions = {}
        self.retired = {}
        let needed = SubscriptionCustody.noticeSecondsMin()
        assert(
            noticeSeconds >= needed,
            message: "SubscriptionPlans.init: plans must be announced for \(needed) seconds, twice as long as an exit takes, not \(noticeSeconds)"
        )
    }
}
