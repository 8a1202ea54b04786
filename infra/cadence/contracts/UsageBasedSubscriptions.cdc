import "FlowToken"
import "FlareFDCTriggers"
import "FlareOracleVerifier"

/// Prepaid subscriptions that pay for attested usage, by the token.
///
/// PRICE
/// What a subscription has to pay is a pure function of the cumulative rated total that Flare attested: graduated tiers
/// over the subscription's whole life, rounded down once at the end. A settlement charges that price less what was
/// charged before. So skipped epochs, replays and late pages cannot change a bill, and what a deposit could not cover
/// stays owed and is charged first after a top-up.
///
/// MONEY
/// All deposits lie in one vault of this contract, which holds the sum of all balances and the unclaimed revenue, and
/// nothing else. Every subscription keeps deposited = balance + charged + withdrawn + refunded. The provider can take
/// only what was charged; the owner can take the balance after the notice of an exit, without anybody's help.
///
/// SETTLEMENT
/// Attested statements carry a settlement root. Anyone may present a page under that root; the page is rendered here as
/// text from the numbers given and hashed, so nothing else than the attested page passes.
access(all) contract UsageBasedSubscriptions {

    /* --- PATHS --- */

    access(all) let AdminStoragePath: StoragePath
    access(all) let HandlerStoragePath: StoragePath
    access(all) let HolderStoragePath: StoragePath
    access(all) let HolderPublicPath: PublicPath

    /* --- EVENTS: every balance can be rebuilt from them alone --- */

    /// A plan, or a new version of one, was announced. It can be chosen from `effectiveAt` on.
    access(all) event PlanAdded(planId: UInt64, planVersion: UInt64, effectiveAt: UFix64)
    /// A subscription began.
    access(all) event SubscriptionOpened(
        subscriptionId: UInt64,
        owner: Address,
        planId: UInt64,
        planVersion: UInt64,
        deposit: UFix64,
        balanceAfter: UFix64
    )
    /// The deposit grew; `from` is the owner's address, or nil where somebody else paid.
    access(all) event ToppedUp(subscriptionId: UInt64, from: Address?, amount: UFix64, balanceAfter: UFix64)
    /// Usage was charged: `charged` went from the balance to the revenue, `owed` is still to be charged.
    access(all) event Settled(
        subscriptionId: UInt64,
        epoch: UInt64,
        ratedMicrotokens: UInt64,
        charged: UFix64,
        owed: UFix64,
        balanceAfter: UFix64
    )
    /// A page names a subscription that is closed or was never opened; the rest of the page was settled.
    access(all) event SettlementSkipped(subscriptionId: UInt64, epoch: UInt64, ratedMicrotokens: UInt64)
    /// The balance fell below what the plan calls low.
    access(all) event LowBalance(subscriptionId: UInt64, balanceAfter: UFix64)
    /// The balance, or the spend cap, does not cover what was used.
    access(all) event Suspended(subscriptionId: UInt64, owed: UFix64)
    /// Nothing is owed any more.
    access(all) event Resumed(subscriptionId: UInt64)
    /// The owner set the most that may be charged in 30 days; nil is no limit.
    access(all) event SpendCapSet(subscriptionId: UInt64, limit: UFix64?)
    /// The owner chose another plan, or accepted another version; `fromMicrotokens` is the total from which it counts.
    access(all) event PlanChanged(
        subscriptionId: UInt64,
        planId: UInt64,
        planVersion: UInt64,
        fromMicrotokens: UInt64
    )
    /// The owner leaves; from `exitAt` on the balance can be withdrawn.
    access(all) event ExitRequested(subscriptionId: UInt64, exitAt: UFix64)
    /// The owner stays after all.
    access(all) event ExitCancelled(subscriptionId: UInt64)
    /// The owner took out a part of the balance.
    access(all) event Withdrawn(subscriptionId: UInt64, to: Address, amount: UFix64, balanceAfter: UFix64)
    /// The subscription ended, and its balance went to the owner.
    access(all) event Closed(subscriptionId: UInt64, refunded: UFix64)
    /// The rights of an owner are held by another account now.
    access(all) event OwnerChanged(subscriptionId: UInt64, from: Address, to: Address)
    /// The provider took out what had been charged.
    access(all) event RevenueWithdrawn(amount: UFix64, to: Address, unclaimedAfter: UFix64)
    /// A statement arrived, attested by Flare.
    access(all) event StatementAccepted(epoch: UInt64, settlementRoot: String)
    /// New subscriptions and settlement were stopped, or go on.
    access(all) event StopChanged(isStopped: Bool)

    /* --- ENTITLEMENTS --- */

    /// The rights of whoever owns a subscription.
    access(all) entitlement Owner

    /* --- CONSTANTS AND CONFIGURATION, set at deployment for good --- */

    /// The period of a spend cap: 30 days.
    access(all) let SPEND_PERIOD_SECONDS: UFix64
    /// The highest price, FLOW for 1,000 tokens; it keeps every price of every total inside of UFix64.
    access(all) let PRICE_MAX: UFix64
    /// The most tiers that a plan may have.
    access(all) let TIERS_MAX: Int
    /// Where the settlement root stands among the attested words.
    access(all) let SETTLEMENT_ROOT_WORD: Int
    /// How long a plan is announced before it can be chosen.
    access(all) let planNoticeSeconds: UFix64
    /// How long after the request an owner may withdraw; longer than any attestation takes.
    access(all) let exitNoticeSeconds: UFix64

    /* --- STATE --- */

    /// While true there are no new subscriptions and no settlements. Withdrawals are never stopped.
    access(all) var isStopped: Bool
    /// What was charged and not yet taken out by the provider.
    access(all) var unclaimedRevenue: UFix64
    /// How many subscriptions were ever opened; the newest has this id.
    access(all) var subscriptionsOpened: UInt64
    access(self) let vault: @FlowToken.Vault
    /// All versions of all plans, in the order of their announcement; subscriptions refer to them by index.
    access(self) let plans: [Plan]
    /// Indices into `plans` by plan id, oldest version first.
    access(self) let planVersions: {UInt64: [Int]}
    access(self) let subscriptions: {UInt64: Subscription}
    access(self) let closedSubscriptions: {UInt64: Subscription}
    /// Attested settlement roots by epoch, 64 hex digits.
    access(self) let settlementRoots: {UInt64: String}

    /* --- STRUCTS --- */

    /// One price, for the part of the total that lies below `endTokens` and not below the tier before.
    access(all) struct Tier {
        /// nil in the last tier, which has no end.
        access(all) let endTokens: UInt64?
        /// FLOW for 1,000 rated tokens.
        access(all) let price: UFix64

        view init(endTokens: UInt64?, price: UFix64) {
            self.endTokens = endTokens
            self.price = price
        }
    }

    /// A tier made ready for settling. Costs are in 1e-8 FLOW x 1e-9, so that they are whole numbers:
    /// the cost of a total in this tier is `intercept + total x slope`.
    access(all) struct Line {
        access(all) let endMicrotokens: UInt64
        access(all) let slope: Int128
        access(all) let intercept: Int128

        view init(endMicrotokens: UInt64, slope: Int128, intercept: Int128) {
            self.endMicrotokens = endMicrotokens
            self.slope = slope
            self.intercept = intercept
        }
    }

    /// One version of a plan; it never changes.
    access(all) struct Plan {
        access(all) let planId: UInt64
        access(all) let planVersion: UInt64
        access(all) let tiers: [Tier]
        access(all) let minimumDeposit: UFix64
        /// A balance below this is reported.
        access(all) let lowBalance: UFix64
        access(all) let effectiveAt: UFix64
        access(contract) let lines: [Line]

        init(
            planId: UInt64,
            planVersion: UInt64,
            tiers: [Tier],
            minimumDeposit: UFix64,
            lowBalance: UFix64,
            effectiveAt: UFix64
        ) {
            self.planId = planId
            self.planVersion = planVersion
            self.tiers = tiers
            self.minimumDeposit = minimumDeposit
            self.lowBalance = lowBalance
            self.effectiveAt = effectiveAt
            self.lines = UsageBasedSubscriptions.linesOf(tiers)
        }

        /// The cost of a cumulative total, in 1e-8 FLOW x 1e-9.
        access(contract) view fun cost(_ microtokens: UInt64): Int128 {
            let lines = &self.lines as &[Line]
            for line in lines {
                if microtokens < line.endMicrotokens {
                    return line.intercept + Int128(microtokens) * line.slope
                }
            }
            // The last line ends with the largest number, which itself still belongs to it.
            let last = lines[lines.length - 1]
            return last.intercept + Int128(microtokens) * last.slope
        }
    }

    /// The most that an owner lets be charged in 30 days.
    access(all) struct SpendCap {
        access(all) let limit: UFix64
        access(all) let periodStart: UFix64
        access(all) let spent: UFix64

        view init(limit: UFix64, periodStart: UFix64, spent: UFix64) {
            self.limit = limit
            self.periodStart = periodStart
            self.spent = spent
        }

        /// The cap as it stands now: a new period has begun with nothing spent.
        access(contract) view fun now(): SpendCap {
            let time = getCurrentBlock().timestamp
            let period = UsageBasedSubscriptions.SPEND_PERIOD_SECONDS
            return time < self.periodStart + period
                ? self
                : SpendCap(limit: self.limit, periodStart: time - (time - self.periodStart) % period, spent: 0.0)
        }

        /// What may still be charged in this period.
        access(all) view fun left(): UFix64 {
            return self.limit.saturatingSubtract(self.spent)
        }

        access(contract) view fun after(_ charge: UFix64): SpendCap {
            return SpendCap(limit: self.limit, periodStart: self.periodStart, spent: self.spent + charge)
        }
    }

    /// A subscription's account. deposited = balance + charged + withdrawn + refunded, always.
    access(all) struct Subscription {
        access(all) let subscriptionId: UInt64
        /// The account that holds, or last held, the owner's rights.
        access(all) var owner: Address
        access(all) var planIndex: Int
        access(all) var balance: UFix64
        access(all) var deposited: UFix64
        access(all) var charged: UFix64
        access(all) var withdrawn: UFix64
        access(all) var refunded: UFix64
        /// Used, attested, and not yet charged.
        access(all) var owed: UFix64
        /// The cumulative rated total that was settled last; it only grows.
        access(all) var settledMicrotokens: UInt64
        /// The epoch whose page brought it.
        access(all) var settledEpoch: UInt64
        /// What the plan's cost of a total differs from this subscription's, because of earlier plans.
        access(all) var costOffset: Int128
        access(all) var spendCap: SpendCap?
        /// From when on the owner may withdraw; nil while no exit is requested.
        access(all) var exitAt: UFix64?
        access(all) var isClosed: Bool

        init(subscriptionId: UInt64, owner: Address, planIndex: Int, deposit: UFix64) {
            self.subscriptionId = subscriptionId
            self.owner = owner
            self.planIndex = planIndex
            self.balance = deposit
            self.deposited = deposit
            self.charged = 0.0
            self.withdrawn = 0.0
            self.refunded = 0.0
            self.owed = 0.0
            self.settledMicrotokens = 0
            self.settledEpoch = 0
            self.costOffset = 0
            self.spendCap = nil
            self.exitAt = nil
            self.isClosed = false
        }

        /// `active`, `suspended` (something is owed), `exiting` or `closed`.
        access(all) view fun status(): String {
            if self.isClosed {
                return "closed"
            }
            if self.exitAt != nil {
                return "exiting"
            }
            return self.owed > 0.0 ? "suspended" : "active"
        }

        /// Charges what a new total costs beyond what was charged before, as far as balance and cap allow. A total
        /// below the settled one changes nothing. Returns what was charged.
        access(contract) fun settle(epoch: UInt64, microtokens: UInt64, plan: &Plan): UFix64 {
            let settled = self.settledMicrotokens
            if microtokens < settled || microtokens == settled && self.owed == 0.0 {
                return 0.0
            }
            self.settledMicrotokens = microtokens
            if microtokens > settled {
                self.settledEpoch = epoch
            }
            let cost = plan.cost(microtokens) + self.costOffset
            let price = UsageBasedSubscriptions.flow(units: cost / 1_000_000_000)
            return self.charge(price - self.charged, epoch: epoch, microtokens: microtokens, plan: plan)
        }

        /// Charges up to `due`; the rest is owed.
        access(contract) fun charge(_ due: UFix64, epoch: UInt64, microtokens: UInt64, plan: &Plan): UFix64 {
            let before = self.balance
            let charged = self.spend(due < before ? due : before)
            let after = before - charged
            emit Settled(
                subscriptionId: self.subscriptionId,
                epoch: epoch,
                ratedMicrotokens: microtokens,
                charged: charged,
                owed: due - charged,
                balanceAfter: after
            )
            self.balance = after
            self.charged = self.charged + charged
            if after < plan.lowBalance && before >= plan.lowBalance {
                emit LowBalance(subscriptionId: self.subscriptionId, balanceAfter: after)
            }
            self.owe(due - charged)
            return charged
        }

        /// As much of an amount as the cap allows now; it counts as spent.
        access(self) fun spend(_ amount: UFix64): UFix64 {
            if let set = self.spendCap {
                let cap = set.now()
                let spent = amount < cap.left() ? amount : cap.left()
                self.spendCap = cap.after(spent)
                return spent
            }
            return amount
        }

        access(self) fun owe(_ owed: UFix64) {
            let before = self.owed
            if owed == before {
                return
            }
            self.owed = owed
            if before == 0.0 {
                emit Suspended(subscriptionId: self.subscriptionId, owed: owed)
            } else if owed == 0.0 {
                emit Resumed(subscriptionId: self.subscriptionId)
            }
        }

        access(contract) fun credit(_ amount: UFix64) {
            self.deposited = self.deposited + amount
            self.balance = self.balance + amount
        }

        access(contract) fun debit(_ amount: UFix64) {
            self.balance = self.balance - amount
            self.withdrawn = self.withdrawn + amount
        }

        access(contract) fun close(): UFix64 {
            let refund = self.balance
            self.refunded = refund
            self.balance = 0.0
            self.isClosed = true
            return refund
        }

        access(contract) fun setSpendCap(_ limit: UFix64?) {
            if let amount = limit {
                let old = self.spendCap?.now()
                self.spendCap = SpendCap(
                    limit: amount,
                    periodStart: old?.periodStart ?? getCurrentBlock().timestamp,
                    spent: old?.spent ?? 0.0
                )
            } else {
                self.spendCap = nil
            }
        }

        /// Goes on from the settled total by another plan, so that this total costs what it did.
        access(contract) fun changePlan(index: Int, from: Plan, to: Plan) {
            let total = self.settledMicrotokens
            self.costOffset = self.costOffset + from.cost(total) - to.cost(total)
            self.planIndex = index
        }

        access(contract) fun setExit(at: UFix64?) {
            self.exitAt = at
        }

        access(contract) fun setOwner(_ owner: Address) {
            self.owner = owner
        }
    }

    /* --- RESOURCES --- */

    /// The right to one subscription. It can be moved to another account from holder to holder.
    access(all) resource Ownership {
        access(all) let subscriptionId: UInt64

        init(subscriptionId: UInt64) {
            self.subscriptionId = subscriptionId
        }
    }

    /// The subscriptions of an account and what their owner may do. Keep it at `HolderStoragePath`. The contract notes
    /// the account at every opening and every move; a holder that was itself moved must `claim` before anything else.
    access(all) resource Holder {
        access(self) let ownerships: @{UInt64: Ownership}

        /// The ids of the subscriptions held here.
        access(all) view fun ids(): [UInt64] {
            return self.ownerships.keys
        }

        /// Opens a subscription with a deposit; returns its id.
        ///
        /// @param planId: the plan, of which the newest effective version is accepted
        access(Owner) fun open(planId: UInt64, deposit: @FlowToken.Vault): UInt64 {
            let ownership <- UsageBasedSubscriptions.open(owner: self.address(), planId: planId, deposit: <-deposit)
            let subscriptionId = ownership.subscriptionId
            self.ownerships[subscriptionId] <-! ownership
            return subscriptionId
        }

        /// Adds to the deposit.
        access(Owner) fun topUp(subscriptionId: UInt64, payment: @FlowToken.Vault) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.deposit(subscriptionId: subscriptionId, payment: <-payment, from: self.address())
        }

        /// Sets the most that may be charged in 30 days from the first cap on; nil takes the limit away. What exceeds
        /// it stays owed, and is charged in the next period or before a withdrawal.
        access(Owner) fun setSpendCap(subscriptionId: UInt64, limit: UFix64?) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.borrow(subscriptionId).setSpendCap(limit)
            emit SpendCapSet(subscriptionId: subscriptionId, limit: limit)
        }

        /// Accepts the newest effective version of a plan from the settled total on.
        access(Owner) fun changePlan(subscriptionId: UInt64, planId: UInt64) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.changePlan(subscriptionId: subscriptionId, planId: planId)
        }

        /// Begins the notice after which the balance can be withdrawn.
        access(Owner) fun requestExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.requestExit(subscriptionId)
        }

        /// Stays after all.
        access(Owner) fun cancelExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            let subscription = UsageBasedSubscriptions.borrow(subscriptionId)
            assert(
                subscription.exitAt != nil,
                message: "UsageBasedSubscriptions.Holder.cancelExit: no exit of subscription \(subscriptionId) is requested"
            )
            subscription.setExit(at: nil)
            emit ExitCancelled(subscriptionId: subscriptionId)
        }

        /// Takes out a part of the balance, after the notice; what is owed is charged first.
        access(Owner) fun withdraw(subscriptionId: UInt64, amount: UFix64): @FlowToken.Vault {
            self.requireHeld(subscriptionId)
            return <-UsageBasedSubscriptions.withdraw(subscriptionId: subscriptionId, amount: amount, to: self.address())
        }

        /// Ends a subscription after the notice; returns its balance, after what is owed was charged.
        access(Owner) fun close(subscriptionId: UInt64): @FlowToken.Vault {
            self.requireHeld(subscriptionId)
            destroy self.ownerships.remove(key: subscriptionId)
            return <-UsageBasedSubscriptions.close(subscriptionId)
        }

        /// Takes an ownership out, to be added to another account's holder.
        access(Owner) fun remove(subscriptionId: UInt64): @Ownership {
            self.requireHeld(subscriptionId)
            return <-self.ownerships.remove(key: subscriptionId)!
        }

        /// Adds an ownership; from now on its rights are used here.
        access(all) fun add(ownership: @Ownership) {
            UsageBasedSubscriptions.setOwner(subscriptionId: ownership.subscriptionId, owner: self.address())
            self.ownerships[ownership.subscriptionId] <-! ownership
        }

        /// Notes this account as the owner of one subscription, after the whole holder was moved here.
        access(Owner) fun claim(subscriptionId: UInt64) {
            assert(
                self.ownerships.containsKey(subscriptionId),
                message: "UsageBasedSubscriptions.Holder: subscription \(subscriptionId) is not held here"
            )
            UsageBasedSubscriptions.setOwner(subscriptionId: subscriptionId, owner: self.address())
        }

        access(self) view fun requireHeld(_ subscriptionId: UInt64) {
            assert(
                self.ownerships.containsKey(subscriptionId),
                message: "UsageBasedSubscriptions.Holder: subscription \(subscriptionId) is not held here"
            )
            let owner = UsageBasedSubscriptions.borrow(subscriptionId).owner
            assert(
                owner == self.address(),
                message: "UsageBasedSubscriptions.Holder: subscription \(subscriptionId) is noted for \(owner); claim it first"
            )
        }

        access(self) view fun address(): Address {
            return self.owner?.address
                ?? panic("UsageBasedSubscriptions.Holder: a holder works only in an account's storage")
        }

        init() {
            self.ownerships <- {}
        }
    }

    /// Receives statements. Only `FlareFDCTriggers` can make a delivery.
    access(all) resource StatementHandler: FlareFDCTriggers.Handler {

        /// Keeps the settlement root of an epoch.
        access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
            UsageBasedSubscriptions.keepSettlementRoot(
                epoch: delivery.epoch,
                words: delivery.accept(handler: &self as &{FlareFDCTriggers.Handler})
            )
        }
    }

    /// The provider's rights. None of them touches a subscription's balance.
    access(all) resource Admin {

        /// Announces a plan, or the next version of one; it can be chosen after the notice.
        ///
        /// @param tiers: by rising end, the last without
        access(all) fun addPlan(planId: UInt64, tiers: [Tier], minimumDeposit: UFix64, lowBalance: UFix64) {
            UsageBasedSubscriptions.addPlan(
                planId: planId,
                tiers: tiers,
                minimumDeposit: minimumDeposit,
                lowBalance: lowBalance
            )
        }

        /// Takes out what was charged.
        access(all) fun withdrawRevenue(amount: UFix64): @FlowToken.Vault {
            let to = self.owner?.address
                ?? panic("UsageBasedSubscriptions.Admin: the provider's rights work only in an account's storage")
            return <-UsageBasedSubscriptions.withdrawRevenue(amount: amount, to: to)
        }

        /// Lets an owner who requested an exit withdraw now.
        access(all) fun waiveExitNotice(subscriptionId: UInt64) {
            let subscription = UsageBasedSubscriptions.borrow(subscriptionId)
            assert(
                subscription.exitAt != nil,
                message: "UsageBasedSubscriptions.Admin.waiveExitNotice: no exit of subscription \(subscriptionId) is requested"
            )
            let now = getCurrentBlock().timestamp
            subscription.setExit(at: now)
            emit ExitRequested(subscriptionId: subscriptionId, exitAt: now)
        }

        /// Stops new subscriptions and settlement, or lets them go on.
        access(all) fun setStopped(_ isStopped: Bool) {
            UsageBasedSubscriptions.isStopped = isStopped
            emit StopChanged(isStopped: isStopped)
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// A holder for an account's storage.
    access(all) fun createHolder(): @Holder {
        return <-create Holder()
    }

    /// Adds to anyone's deposit. What is owed is charged at once.
    access(all) fun topUp(subscriptionId: UInt64, payment: @FlowToken.Vault) {
        self.deposit(subscriptionId: subscriptionId, payment: <-payment, from: nil)
    }

    /// Charges every subscription on a page what its attested usage costs beyond what was charged before.
    /// Anyone may call this: the page is checked against an attested settlement root, and charging twice is impossible
    /// because prices are of cumulative usage.
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
            !self.isStopped: "UsageBasedSubscriptions.settle: settlement is stopped"
            ids.length == ratedMicrotokens.length:
                "UsageBasedSubscriptions.settle: \(ids.length) ids but \(ratedMicrotokens.length) totals"
        }
        let root = self.settlementRoots[epoch]
            ?? panic("UsageBasedSubscriptions.settle: no settlement root of epoch \(epoch) is attested")
        let text = self.pageText(epoch: epoch, page: page, ids: ids, ratedMicrotokens: ratedMicrotokens)
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(text.utf8))
        assert(
            FlareOracleVerifier.foldPath(leaf: leaf, path: path) == root,
            message: "UsageBasedSubscriptions.settle: page \(page) does not belong to the settlement root of epoch \(epoch)"
        )
        self.settlePage(epoch: epoch, ids: ids, ratedMicrotokens: ratedMicrotokens)
    }

    access(self) fun settlePage(epoch: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64]) {
        var charged = 0.0
        var planIndex = 0
        var plan = &self.plans[planIndex] as &Plan
        let subscriptions = &self.subscriptions as &{UInt64: Subscription}
        for position, subscriptionId in ids {
            if let subscription = subscriptions[subscriptionId] {
                if subscription.planIndex != planIndex {
                    planIndex = subscription.planIndex
                    plan = &self.plans[planIndex] as &Plan
                }
                charged = charged
                    + subscription.settle(epoch: epoch, microtokens: ratedMicrotokens[position], plan: plan)
            } else {
                emit SettlementSkipped(
                    subscriptionId: subscriptionId,
                    epoch: epoch,
                    ratedMicrotokens: ratedMicrotokens[position]
                )
            }
        }
        self.unclaimedRevenue = self.unclaimedRevenue + charged
    }

    /* --- VIEWS --- */

    /// The canonical text of a settlement page, whose keccak256 is a leaf of the settlement tree.
    access(all) fun pageText(
        epoch: UInt64,
        page: UInt64,
        ids: [UInt64],
        ratedMicrotokens: [UInt64]
    ): String {
        let lines = ["flareflow-page/1 \(self.getType().identifier) epoch \(epoch) page \(page)"]
        for position, subscriptionId in ids {
            lines.append("\(subscriptionId):\(ratedMicrotokens[position])")
        }
        return String.join(lines, separator: "\n")
    }

    /// A subscription by its id, closed ones too.
    access(all) view fun subscription(_ subscriptionId: UInt64): Subscription? {
        return self.subscriptions[subscriptionId] ?? self.closedSubscriptions[subscriptionId]
    }

    /// The version of a plan that a new subscription accepts now, or nil.
    access(all) view fun plan(_ planId: UInt64): Plan? {
        if let index = self.effectiveVersion(planId) {
            return self.plans[index]
        }
        return nil
    }

    /// How many versions of a plan were announced.
    access(all) view fun planVersionsOf(_ planId: UInt64): UInt64 {
        return UInt64(self.planVersions[planId]?.length ?? 0)
    }

    /// The version of its plan that a subscription is on.
    access(all) view fun planOf(_ subscription: Subscription): Plan {
        return self.plans[subscription.planIndex]
    }

    /// What a cumulative total costs on a plan, in FLOW.
    access(all) view fun quote(planId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let plan = self.plan(planId) ?? panic("UsageBasedSubscriptions.quote: there is no plan \(planId)")
        return self.flow(units: plan.cost(ratedMicrotokens) / 1_000_000_000)
    }

    /// What a settlement of this total would charge or leave owed now, in FLOW.
    access(all) view fun estimate(subscriptionId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let subscription = self.borrow(subscriptionId)
        if ratedMicrotokens < subscription.settledMicrotokens {
            return subscription.owed
        }
        let cost = self.plans[subscription.planIndex].cost(ratedMicrotokens) + subscription.costOffset
        return self.flow(units: cost / 1_000_000_000) - subscription.charged
    }

    /// The attested settlement root of an epoch, 64 hex digits, or nil.
    access(all) view fun settlementRoot(epoch: UInt64): String? {
        return self.settlementRoots[epoch]
    }

    /// All FLOW that the contract holds: the sum of all balances and the unclaimed revenue.
    access(all) view fun vaultBalance(): UFix64 {
        return self.vault.balance
    }

    /* --- WHAT OWNERS AND PROVIDER CAUSE --- */

    access(contract) fun open(owner: Address, planId: UInt64, deposit: @FlowToken.Vault): @Ownership {
        pre {
            !self.isStopped: "UsageBasedSubscriptions.open: new subscriptions are stopped"
        }
        let planIndex = self.effectiveVersion(planId)
            ?? panic("UsageBasedSubscriptions.open: there is no plan \(planId)")
        let plan = self.plans[planIndex]
        let amount = deposit.balance
        assert(
            amount >= plan.minimumDeposit,
            message: "UsageBasedSubscriptions.open: plan \(planId) wants a deposit of \(plan.minimumDeposit) or more, not \(amount)"
        )
        self.vault.deposit(from: <-deposit)
        self.subscriptionsOpened = self.subscriptionsOpened + 1
        let subscriptionId = self.subscriptionsOpened
        self.subscriptions[subscriptionId] = Subscription(
            subscriptionId: subscriptionId,
            owner: owner,
            planIndex: planIndex,
            deposit: amount
        )
        emit SubscriptionOpened(
            subscriptionId: subscriptionId,
            owner: owner,
            planId: planId,
            planVersion: plan.planVersion,
            deposit: amount,
            balanceAfter: amount
        )
        return <-create Ownership(subscriptionId: subscriptionId)
    }

    access(contract) fun deposit(subscriptionId: UInt64, payment: @FlowToken.Vault, from: Address?) {
        pre {
            payment.balance > 0.0: "UsageBasedSubscriptions.topUp: there is nothing in the payment"
        }
        let subscription = self.borrow(subscriptionId)
        let amount = payment.balance
        self.vault.deposit(from: <-payment)
        subscription.credit(amount)
        emit ToppedUp(
            subscriptionId: subscriptionId,
            from: from,
            amount: amount,
            balanceAfter: subscription.balance
        )
        self.chargeOwed(subscription)
    }

    access(self) fun chargeOwed(_ subscription: &Subscription) {
        if subscription.owed > 0.0 {
            let charged = subscription.charge(
                subscription.owed,
                epoch: subscription.settledEpoch,
                microtokens: subscription.settledMicrotokens,
                plan: &self.plans[subscription.planIndex] as &Plan
            )
            self.unclaimedRevenue = self.unclaimedRevenue + charged
        }
    }

    access(contract) fun changePlan(subscriptionId: UInt64, planId: UInt64) {
        let index = self.effectiveVersion(planId)
            ?? panic("UsageBasedSubscriptions.changePlan: there is no plan \(planId)")
        let subscription = self.borrow(subscriptionId)
        let plan = self.plans[index]
        subscription.changePlan(index: index, from: self.plans[subscription.planIndex], to: plan)
        emit PlanChanged(
            subscriptionId: subscriptionId,
            planId: planId,
            planVersion: plan.planVersion,
            fromMicrotokens: subscription.settledMicrotokens
        )
    }

    access(contract) fun requestExit(_ subscriptionId: UInt64) {
        let subscription = self.borrow(subscriptionId)
        assert(
            subscription.exitAt == nil,
            message: "UsageBasedSubscriptions.requestExit: the exit of subscription \(subscriptionId) is requested already"
        )
        let exitAt = getCurrentBlock().timestamp + self.exitNoticeSeconds
        subscription.setExit(at: exitAt)
        emit ExitRequested(subscriptionId: subscriptionId, exitAt: exitAt)
    }

    /// The subscription, ready for its owner to take money out: the notice has passed and nothing more is chargeable.
    access(self) fun borrowLeaving(_ subscriptionId: UInt64): &Subscription {
        let subscription = self.borrow(subscriptionId)
        let exitAt = subscription.exitAt
            ?? panic("UsageBasedSubscriptions: request the exit of subscription \(subscriptionId) before taking money out")
        assert(
            getCurrentBlock().timestamp >= exitAt,
            message: "UsageBasedSubscriptions: the notice of subscription \(subscriptionId) ends at \(exitAt)"
        )
        subscription.setSpendCap(nil)
        self.chargeOwed(subscription)
        return subscription
    }

    access(contract) fun withdraw(subscriptionId: UInt64, amount: UFix64, to: Address): @FlowToken.Vault {
        let subscription = self.borrowLeaving(subscriptionId)
        assert(
            amount > 0.0 && amount <= subscription.balance,
            message: "UsageBasedSubscriptions.withdraw: subscription \(subscriptionId) has \(subscription.balance), not \(amount)"
        )
        subscription.debit(amount)
        emit Withdrawn(
            subscriptionId: subscriptionId,
            to: to,
            amount: amount,
            balanceAfter: subscription.balance
        )
        return <-self.pay(amount)
    }

    access(contract) fun close(_ subscriptionId: UInt64): @FlowToken.Vault {
        let refund = self.borrowLeaving(subscriptionId).close()
        self.closedSubscriptions[subscriptionId] = self.subscriptions.remove(key: subscriptionId)!
        emit Closed(subscriptionId: subscriptionId, refunded: refund)
        return <-self.pay(refund)
    }

    access(contract) fun setOwner(subscriptionId: UInt64, owner: Address) {
        let subscription = self.borrow(subscriptionId)
        emit OwnerChanged(subscriptionId: subscriptionId, from: subscription.owner, to: owner)
        subscription.setOwner(owner)
    }

    access(contract) fun withdrawRevenue(amount: UFix64, to: Address): @FlowToken.Vault {
        pre {
            amount <= self.unclaimedRevenue:
                "UsageBasedSubscriptions.withdrawRevenue: \(self.unclaimedRevenue) is unclaimed, not \(amount)"
        }
        self.unclaimedRevenue = self.unclaimedRevenue - amount
        emit RevenueWithdrawn(amount: amount, to: to, unclaimedAfter: self.unclaimedRevenue)
        return <-self.pay(amount)
    }

    access(contract) fun addPlan(planId: UInt64, tiers: [Tier], minimumDeposit: UFix64, lowBalance: UFix64) {
        let indices = self.planVersions[planId] ?? []
        let plan = Plan(
            planId: planId,
            planVersion: UInt64(indices.length) + 1,
            tiers: tiers,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance,
            effectiveAt: getCurrentBlock().timestamp + self.planNoticeSeconds
        )
        indices.append(self.plans.length)
        self.planVersions[planId] = indices
        self.plans.append(plan)
        emit PlanAdded(planId: planId, planVersion: plan.planVersion, effectiveAt: plan.effectiveAt)
    }

    access(contract) fun keepSettlementRoot(epoch: UInt64, words: [UInt256]) {
        let root = String.encodeHex(words[self.SETTLEMENT_ROOT_WORD].toBigEndianBytes())
        assert(
            self.settlementRoots[epoch] == nil,
            message: "UsageBasedSubscriptions: epoch \(epoch) has its settlement root already"
        )
        self.settlementRoots[epoch] = root
        emit StatementAccepted(epoch: epoch, settlementRoot: root)
    }

    /* --- INSIDE --- */

    access(self) fun pay(_ amount: UFix64): @FlowToken.Vault {
        return <-(self.vault.withdraw(amount: amount) as! @FlowToken.Vault)
    }

    access(contract) view fun borrow(_ subscriptionId: UInt64): &Subscription {
        return &self.subscriptions[subscriptionId] as &Subscription?
            ?? panic("UsageBasedSubscriptions: there is no open subscription \(subscriptionId)")
    }

    /// The newest version of a plan whose notice has passed, as an index into `plans`.
    access(self) view fun effectiveVersion(_ planId: UInt64): Int? {
        var newest: Int? = nil
        for index in self.planVersions[planId] ?? [] {
            if self.plans[index].effectiveAt <= getCurrentBlock().timestamp {
                newest = index
            }
        }
        return newest
    }

    /// Checks tiers and makes them ready for settling.
    access(contract) fun linesOf(_ tiers: [Tier]): [Line] {
        pre {
            tiers.length >= 1 && tiers.length <= self.TIERS_MAX:
                "UsageBasedSubscriptions: a plan has 1 to \(self.TIERS_MAX) tiers, not \(tiers.length)"
            tiers[tiers.length - 1].endTokens == nil: "UsageBasedSubscriptions: the last tier has no end"
        }
        let lines: [Line] = []
        var start: UInt64 = 0
        var intercept: Int128 = 0
        var previousSlope: Int128 = 0
        for position, tier in tiers {
            assert(
                tier.price <= self.PRICE_MAX,
                message: "UsageBasedSubscriptions: a price is at most \(self.PRICE_MAX), not \(tier.price)"
            )
            let slope = Int128(tier.price * 100_000_000.0)
            intercept = intercept + Int128(start) * (previousSlope - slope)
            let end = tier.endTokens == nil ? UInt64.max : tier.endTokens! * 1_000_000
            assert(
                end > start && (tier.endTokens != nil || position == tiers.length - 1),
                message: "UsageBasedSubscriptions: the tiers' ends rise, and only the last has none"
            )
            lines.append(Line(endMicrotokens: end, slope: slope, intercept: intercept))
            start = end
            previousSlope = slope
        }
        return lines
    }

    /// An amount of 1e-8 FLOW as FLOW, exactly.
    access(contract) view fun flow(units: Int128): UFix64 {
        return UFix64(units / 100_000_000) + UFix64(units % 100_000_000) * 0.00000001
    }

    /// @param planNoticeSeconds: how long a plan is announced before it can be chosen
    /// @param exitNoticeSeconds: how long after the request an owner may withdraw
    init(planNoticeSeconds: UFix64, exitNoticeSeconds: UFix64) {
        self.AdminStoragePath = /storage/usageBasedSubscriptionsAdmin
        self.HandlerStoragePath = /storage/usageBasedSubscriptionsHandler
        self.HolderStoragePath = /storage/usageBasedSubscriptionsHolder
        self.HolderPublicPath = /public/usageBasedSubscriptionsHolder
        self.SPEND_PERIOD_SECONDS = 2_592_000.0
        self.PRICE_MAX = 10.0
        self.TIERS_MAX = 16
        self.SETTLEMENT_ROOT_WORD = 4
        self.planNoticeSeconds = planNoticeSeconds
        self.exitNoticeSeconds = exitNoticeSeconds
        self.isStopped = false
        self.unclaimedRevenue = 0.0
        self.subscriptionsOpened = 0
        self.vault <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
        self.plans = []
        self.planVersions = {}
        self.subscriptions = {}
        self.closedSubscriptions = {}
        self.settlementRoots = {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
