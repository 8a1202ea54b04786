import "FlareFDCTriggers"
import "FungibleToken"
import "GraduatedPricing"
import "SettlementPages"
import "SubscriptionAccounts"
import "SubscriptionCustody"
import "SubscriptionPlans"

/// Prepaid subscriptions that pay for attested usage, by the token: settlement and administration.
///
/// Subscriptions are opened in `SubscriptionPlans`, the deposits lie in `SubscriptionCustody`, the rights of owners in
/// `SubscriptionOwnership`, and what a charge does to one subscription is decided in `SubscriptionAccounts`.
///
/// SETTLEMENT
/// Attested statements carry a settlement root. Anyone may present a page under that root. The page is rendered here as
/// text from the numbers given and hashed, so only the attested page passes.
access(all) contract UsageBasedSubscriptions {

    /* --- PATHS --- */

    /// Where the provider's rights are stored.
    access(all) let AdminStoragePath: StoragePath
    /// Where the receiver of statements is stored.
    access(all) let HandlerStoragePath: StoragePath

    /* --- EVENTS --- */

    /// A statement arrived, attested by Flare.
    access(all) event StatementConfirmed(epoch: UInt64, settlementRoot: String)
    /// There are no settlements until then.
    access(all) event SettlementStopped(until: UFix64)

    /* --- ENTITLEMENTS OF THE PROVIDER --- */

    /// The right to announce and retire plans, to stop, to end subscriptions and to let owners go early. It moves no
    /// money.
    access(all) entitlement Operate
    /// The right to give back what was charged and to give up what is owed.
    access(all) entitlement Correct
    /// The right to take out what was charged.
    access(all) entitlement Collect

    /* --- CONFIGURATION, set at deployment for good --- */

    /// The longest time for which openings or settlements can be stopped at once: a week.
    access(all) view fun stopSecondsMax(): UFix64 { return 604_800.0 }

    /* --- STATE --- */

    /// No settlements before this time. Exits are never stopped.
    access(all) var settlementStoppedUntil: UFix64
    /// The attested statements.
    access(self) let statements: SettlementPages.Statements

    /* --- STRUCTS --- */

    /// What a subscription may do now.
    access(all) struct Standing {
        /// `active`, `suspended` (something is owed), `exiting` or `closed`.
        access(all) let status: String
        /// Tokens that may be charged now: the balance, within the spend cap.
        access(all) let spendable: UFix64

        view init(status: String, spendable: UFix64) {
            self.status = status
            self.spendable = spendable
        }

        /// Whether calls should be answered.
        access(all) view fun mayBeUsed(): Bool {
            return self.status == "active" && self.spendable > 0.0
        }
    }

    /* --- RESOURCES --- */

    /// Receives statements. Only `FlareFDCTriggers` can make a delivery.
    access(all) resource StatementHandler: FlareFDCTriggers.Handler {

        /// Keeps what the settlement of an epoch needs.
        access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
            let words = delivery.wordsFor(&self as &{FlareFDCTriggers.Handler})
            let statement = UsageBasedSubscriptions.statements.keep(epoch: delivery.epoch, words: words)
            SubscriptionCustody.noteStatement()
            emit StatementConfirmed(epoch: statement.epoch, settlementRoot: statement.settlementRoot)
        }

        /// Keeps new subscriptions out where they could not be left before the trigger takes effect.
        access(FlareFDCTriggers.Notify) fun announced(triggerId: String, effectiveAt: UFix64) {
            SubscriptionPlans.noteTrigger(triggerId, effectiveAt: effectiveAt)
        }
    }

    /// The provider's rights.
    access(all) resource Admin {

        /// Announces a plan, or the next version of one. A first version and one that is dearer for nobody can be
        /// accepted at once; any other after the notice, in which whoever does not want it can leave.
        ///
        /// @param tiers: by rising end; the last has none
        access(Operate) fun addPlan(
            planId: UInt64,
            isInDollars: Bool,
            tiers: [GraduatedPricing.Tier],
            minimumDeposit: UFix64,
            lowBalance: UFix64
        ) {
            SubscriptionPlans.add(
                planId: planId,
                isInDollars: isInDollars,
                tiers: tiers,
                minimumDeposit: minimumDeposit,
                lowBalance: lowBalance
            )
        }

        /// Retires a plan for good: nobody can accept it any more.
        access(Operate) fun retirePlan(_ planId: UInt64) {
            SubscriptionPlans.retire(planId)
        }

        /// Ends a subscription after the notice of an exit. Then nothing more is charged, what is owed is given up, and
        /// the whole balance goes back.
        access(Operate) fun endSubscription(_ subscriptionId: UInt64) {
            SubscriptionCustody.endByProvider(subscriptionId)
        }

        /// Lets an owner who has requested an exit and owes nothing leave now.
        access(Operate) fun waiveExitNotice(_ subscriptionId: UInt64) {
            SubscriptionCustody.waiveExitNotice(subscriptionId)
        }

        /// Stops new subscriptions until a time; a time that has passed lets them go on.
        access(Operate) fun stopOpening(until: UFix64) {
            UsageBasedSubscriptions.requireExpiry(until)
            SubscriptionPlans.stopOpening(until: until)
        }

        /// Stops settlements until a time; a time that has passed lets them go on.
        access(Operate) fun stopSettlement(until: UFix64) {
            UsageBasedSubscriptions.requireExpiry(until)
            UsageBasedSubscriptions.settlementStoppedUntil = until
            emit SettlementStopped(until: until)
        }

        /// Gives tokens of the unclaimed revenue back to a subscription.
        access(Correct) fun credit(subscriptionId: UInt64, amount: UFix64) {
            SubscriptionCustody.credit(subscriptionId: subscriptionId, amount: amount)
        }

        /// Gives up a part of what a subscription owes, in the currency of its plan.
        access(Correct) fun forgive(subscriptionId: UInt64, amount: UFix64) {
            SubscriptionCustody.forgive(subscriptionId: subscriptionId, amount: amount)
        }

        /// Pays out what was charged, once it is no longer held back.
        access(Collect) fun withdrawRevenue(amount: UFix64, receiver: &{FungibleToken.Receiver}) {
            SubscriptionCustody.withdrawRevenue(amount: amount, receiver: receiver)
        }
    }

    /* --- SETTLEMENT --- */

    /// Charges every subscription on a page what its attested usage costs beyond what was charged before.
    /// Anyone may call this: the page is checked against an attested settlement root, and charging twice is impossible
    /// because prices are of cumulative usage.
    ///
    /// A page with plans in dollars needs `DollarRates.update` before it in the same transaction.
    ///
    /// @param epoch: the epoch whose settlement root the page belongs to
    /// @param page: the page's number
    /// @param ids: the subscriptions on the page, in its order
    /// @param ratedMicrotokens: the cumulative total of each
    /// @param path: siblings from the page up to the root, 32 bytes each, hex
    access(all) fun settle(
        epoch: UInt64,
        page: UInt64,
        ids: [UInt64],
        ratedMicrotokens: [UInt64],
        path: [String]
    ) {
        pre {
            getCurrentBlock().timestamp >= self.settlementStoppedUntil:
                "UsageBasedSubscriptions.settle: settlement is stopped until \(self.settlementStoppedUntil)"
        }
        let statement = self.statements.statement(epoch)
            ?? panic("UsageBasedSubscriptions.settle: no statement of epoch \(epoch) is attested and kept")
        SettlementPages.requirePage(
            of: statement,
            contractType: self.getType(),
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
        let subscriptions = SubscriptionCustody.subscriptions
        let ledgers = SubscriptionCustody.ledgers
        let plans = SubscriptionPlans.borrowAll()
        let end = UInt64(subscriptions.length)
        let settled = Int128(epoch) << 64
        var charged = 0.0
        var claimed: Int128 = 0
        for subscriptionId in ids {
            let microtokens = ratedMicrotokens.removeFirst()
            let total = Int128(microtokens)
            claimed = claimed + total
            if subscriptionId >= end {
                SubscriptionAccounts.skip(subscriptionId, epoch: epoch, microtokens: microtokens)
                continue
            }
            let subscription = subscriptions[subscriptionId]
            charged = charged + (
                subscription.settle(
                    subscriptionId,
                    epoch: epoch,
                    settled: settled,
                    microtokens: microtokens,
                    total: total
                )
                    ?? self.settleCarefully(
                        subscriptionId,
                        subscription,
                        ledgers[subscriptionId],
                        plans,
                        epoch: epoch,
                        settled: settled,
                        microtokens: microtokens,
                        total: total
                    )
            )
        }
        SettlementPages.requireClaim(of: statement, page: page, claimedMicrotokens: claimed)
        SubscriptionCustody.earn(charged)
    }

    access(self) fun settleCarefully(
        _ subscriptionId: UInt64,
        _ subscription: &SubscriptionAccounts.Subscription,
        _ ledger: &SubscriptionAccounts.Ledger,
        _ plans: &[SubscriptionPlans.Plan],
        epoch: UInt64,
        settled: Int128,
        microtokens: UInt64,
        total: Int128
    ): UFix64 {
        let exit = ledger.exit
        if exit != nil && exit!.hasEnded() {
            SubscriptionAccounts.skip(subscriptionId, epoch: epoch, microtokens: microtokens)
            return 0.0
        }
        return ledger.settleCarefully(
            subscriptionId,
            subscription,
            epoch: epoch,
            settled: settled,
            microtokens: microtokens,
            total: total,
            tariff: plans[ledger.planIndex].tariff,
            rate: ledger.isInDollars ? self.rateNow(subscriptionId) : nil
        )
    }

    /// Dollars for one token, read in this transaction.
    access(self) view fun rateNow(_ subscriptionId: UInt64): UFix64 {
        return SubscriptionCustody.rateWithin(seconds: 0.0)
            ?? panic("UsageBasedSubscriptions.settle: subscription \(subscriptionId) has a plan in dollars, whose rate must be read before in this transaction")
    }

    /* --- VIEWS --- */

    /// What a subscription may do now.
    access(all) view fun standingOf(_ subscriptionId: UInt64): Standing {
        let ledger = SubscriptionCustody.borrowLedger(subscriptionId)
        return Standing(
            status: ledger.status(),
            spendable: ledger.spendable(SubscriptionCustody.borrow(subscriptionId), rate: SubscriptionCustody.rateOf(ledger))
        )
    }

    /// The version of a plan that a subscription is on.
    access(all) view fun planOf(_ subscriptionId: UInt64): SubscriptionPlans.Plan {
        return SubscriptionPlans.version(SubscriptionCustody.borrowLedger(subscriptionId).planIndex)
    }

    /// What a settlement of this total would charge or leave owed, in the currency of the plan in force.
    access(all) view fun estimate(subscriptionId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let ledger = SubscriptionCustody.borrowLedger(subscriptionId)
        let subscription = SubscriptionCustody.borrow(subscriptionId)
        return ratedMicrotokens <= subscription.settledMicrotokens()
            ? ledger.owed
            : ledger.due(
                ratedMicrotokens,
                tariff: SubscriptionPlans.borrowAll()[ledger.planIndex].tariff,
                charged: subscription.charged
            )
    }

    /// The epoch that is running now.
    access(all) view fun currentEpoch(): UInt64 {
        return self.statements.currentEpoch()
    }

    /// The attested statement of an epoch; nil where there is none or it is no longer kept.
    access(all) view fun statement(epoch: UInt64): SettlementPages.Statement? {
        return self.statements.statement(epoch)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /* --- INTERNAL --- */

    access(contract) view fun requireExpiry(_ until: UFix64) {
        let latest = getCurrentBlock().timestamp + self.stopSecondsMax()
        if until > latest {
            panic("UsageBasedSubscriptions: a stop lasts until \(latest) at most, not until \(until)")
        }
    }

    /// @param epochSeconds: length of an epoch
    init(epochSeconds: UInt64) {
        let notice = FlareFDCTriggers.noticeSeconds
        let needed = SubscriptionCustody.noticeSecondsMin()
        assert(
            notice >= needed,
            message: "UsageBasedSubscriptions.init: triggers must be announced for \(needed) seconds, twice as long as an exit takes, not \(notice)"
        )
        self.AdminStoragePath = /storage/usageBasedSubscriptionsAdmin
        self.HandlerStoragePath = /storage/usageBasedSubscriptionsHandler
        self.settlementStoppedUntil = 0.0
        self.statements = SettlementPages.Statements(epochSeconds: epochSeconds)
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
