import "FungibleToken"
import "GraduatedPricing"
import "SubscriptionCustody"
import "SubscriptionOwnership"
import "SubscriptionTerms"
import "TriggerNotices"

/// The plans that subscriptions can be on, and how owners accept them: by opening a subscription or by changing the plan
/// of one.
///
/// A version of a plan never changes, and it binds only those who have accepted it.
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
    /// An owner accepted another plan, or another version. What is settled up to the first page of `fromEpoch` or later
    /// is billed by the old plan.
    access(all) event PlanChangeAccepted(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64, fromEpoch: UInt64)
    /// There are no new subscriptions until then.
    access(all) event OpeningStopped(until: UFix64)

    /* --- CONFIGURATION, set at deployment for good --- */

    /// How long a dearer version of a plan is announced before it can be accepted: at least twice as long as an exit.
    access(all) let noticeSeconds: UFix64
    /// Length of an epoch.
    access(all) let epochSeconds: UInt64

    /* --- STATE --- */

    /// No new subscriptions before this time. Exits are never stopped.
    access(all) var openingStoppedUntil: UFix64
    /// The triggers that will take effect. Whoever opens a subscription must still be able to leave before.
    access(self) let triggers: TriggerNotices.Notices
    /// All versions of all plans, in the order of their announcement.
    access(self) let plans: [Plan]
    /// Indices into `plans` by plan id, oldest version first.
    access(self) let versions: {UInt64: [Int]}
    /// The same of plans that can no longer be accepted.
    access(self) let retired: {UInt64: [Int]}

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

    /* --- FOR OWNERS --- */

    /// Opens a subscription with a deposit; its ownership goes into the holder. Returns its id.
    ///
    /// @param planVersion: the version that is accepted; it must be the newest in force
    access(all) fun open(
        holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder,
        planId: UInt64,
        planVersion: UInt64,
        deposit: @{FungibleToken.Vault}
    ): UInt64 {
        pre {
            getCurrentBlock().timestamp >= self.openingStoppedUntil:
                "SubscriptionPlans.open: new subscriptions are stopped until \(self.openingStoppedUntil)"
        }
        if let trigger = self.triggers.takingEffect() {
            panic("SubscriptionPlans.open: trigger \(trigger) takes effect before an owner who opens now could leave")
        }
        let plan = self.accepted(planId, planVersion, deposit: deposit.balance)
        let subscriptionId = SubscriptionCustody.open(
            owner: holder.address(),
            planId: planId,
            planVersion: planVersion,
            planIndex: plan.planIndex,
            isInDollars: plan.needsRate(),
            lowBalance: plan.lowBalance,
            deposit: <-deposit
        )
        holder.keep(subscriptionId)
        return subscriptionId
    }

    /// Accepts another plan, or another version. Usage that may have happened before is still billed by the old plan: the
    /// new one is in force from the total on that the next page brings which was sealed after this moment.
    ///
    /// @param planVersion: the version that is accepted; it must be the newest in force
    access(all) fun change(
        holder: auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder,
        subscriptionId: UInt64,
        planId: UInt64,
        planVersion: UInt64
    ) {
        holder.requireHeld(subscriptionId)
        let ledger = SubscriptionCustody.borrowOpen(subscriptionId)
        let subscription = SubscriptionCustody.borrow(subscriptionId)
        let plan = self.accepted(planId, planVersion, deposit: subscription.balance())
        let fromEpoch = UInt64(getCurrentBlock().timestamp) / self.epochSeconds
        subscription.checkNext()
        ledger.setPlanChange(
            plan.planIndex == ledger.planIndex
                ? nil
                : SubscriptionTerms.PlanChange(
                    planId: planId,
                    planVersion: planVersion,
                    planIndex: plan.planIndex,
                    isInDollars: plan.needsRate(),
                    lowBalance: plan.lowBalance,
                    fromEpoch: fromEpoch
                )
        )
        emit PlanChangeAccepted(
            subscriptionId: subscriptionId,
            planId: planId,
            planVersion: planVersion,
            fromEpoch: fromEpoch
        )
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
        return UInt64((self.versions[planId] ?? self.retired[planId] ?? []).length)
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
        assert(self.retired[planId] == nil, message: "SubscriptionPlans.add: plan \(planId) is retired")
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
        self.versions[planId] = indices.concat([self.plans.length])
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
        self.retired[planId] = self.versions.remove(key: planId)!
        emit PlanRetired(planId: planId)
    }

    /// Remembers a trigger that was announced.
    access(account) fun noteTrigger(_ triggerId: String, effectiveAt: UFix64) {
        self.triggers.add(triggerId: triggerId, effectiveAt: effectiveAt)
    }

    /// Stops new subscriptions until a time; a time that has passed lets them go on.
    access(account) fun stopOpening(until: UFix64) {
        self.openingStoppedUntil = until
        emit OpeningStopped(until: until)
    }

    /// All versions, by their positions.
    access(account) view fun borrowAll(): &[Plan] {
        return &self.plans
    }

    /* --- INTERNAL --- */

    /// The version of a plan that an owner accepts with a deposit; it must be the newest in force.
    access(self) view fun accepted(_ planId: UInt64, _ planVersion: UInt64, deposit: UFix64): &Plan {
        let plan = self.effectiveVersion(planId) ?? panic("SubscriptionPlans: there is no plan \(planId)")
        if planVersion != plan.planVersion {
            panic("SubscriptionPlans: version \(plan.planVersion) of plan \(planId) is in force, not \(planVersion)")
        }
        if deposit < plan.minimumDeposit {
            panic("SubscriptionPlans: plan \(planId) needs a deposit of \(plan.minimumDeposit) or more, not \(deposit)")
        }
        return plan
    }

    /// Whether new terms are worse in nothing than the version of the plan that is in force. There is one for every
    /// plan that has versions, since the first of them is in force at once.
    access(self) view fun isNowhereDearer(
        _ planId: UInt64,
        _ isInDollars: Bool,
        _ tariff: GraduatedPricing.Tariff,
        _ minimumDeposit: UFix64
    ): Bool {
        let present = self.effectiveVersion(planId)!
        return isInDollars == present.isInDollars
            && minimumDeposit <= present.minimumDeposit
            && tariff.isNowhereDearer(than: present.tariff)
    }

    /// The newest version of a plan whose notice has passed; nil if there is none or the plan is retired.
    access(self) view fun effectiveVersion(_ planId: UInt64): &Plan? {
        let now = getCurrentBlock().timestamp
        if let versions = &self.versions[planId] as &[Int]? {
            var version = versions.length
            while version > 0 {
                version = version - 1
                let plan = &self.plans[versions[version]] as &Plan
                if plan.effectiveAt <= now {
                    return plan
                }
            }
        }
        return nil
    }

    /// @param noticeSeconds: how long a dearer version of a plan is announced before it can be accepted
    /// @param epochSeconds: length of an epoch
    init(noticeSeconds: UFix64, epochSeconds: UInt64) {
        self.noticeSeconds = noticeSeconds
        self.epochSeconds = epochSeconds
        self.openingStoppedUntil = 0.0
        self.plans = []
        self.versions = {}
        self.retired = {}
        let needed = SubscriptionCustody.noticeSecondsMin()
        self.triggers = TriggerNotices.Notices(leavingSeconds: needed)
        assert(
            noticeSeconds >= needed,
            message: "SubscriptionPlans.init: plans must be announced for \(needed) seconds, twice as long as an exit takes, not \(noticeSeconds)"
        )
    }
}
