import "FlareFDCTriggers"
import "FlareOracleVerifier"
import "FlowToken"

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

    /// Where the provider's rights lie.
    access(all) let AdminStoragePath: StoragePath
    /// Where the receiver of statements lies.
    access(all) let HandlerStoragePath: StoragePath
    /// Where an owner keeps a holder.
    access(all) let HolderStoragePath: StoragePath
    /// Where an owner may publish it, to be given subscriptions by others.
    access(all) let HolderPublicPath: PublicPath

    /* --- EVENTS: every balance can be rebuilt from them alone --- */

    /// A plan, or a new version of one, was announced. It can be accepted from `effectiveAt` on.
    access(all) event PlanAdded(
        planId: UInt64,
        planVersion: UInt64,
        tiers: [Tier],
        minimumDeposit: UFix64,
        lowBalance: UFix64,
        effectiveAt: UFix64
    )
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
    /// The most that may be charged in 30 days was set; nil is no limit.
    access(all) event SpendCapSet(subscriptionId: UInt64, limit: UFix64?)
    /// The owner accepted another plan, or another version; `fromMicrotokens` is the total from which it counts.
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
    access(all) event Closed(subscriptionId: UInt64, to: Address, refunded: UFix64)
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
    /// The provider's right to announce plans, to stop, and to let owners go at once. It moves no money.
    access(all) entitlement Operate
    /// The provider's right to take out what was charged.
    access(all) entitlement Collect

    /* --- CONSTANTS AND CONFIGURATION, set at deployment for good --- */

    /// The period of a spend cap: 30 days.
    access(all) let SPEND_PERIOD_SECONDS: UFix64
    /// The highest price, FLOW for 1,000 tokens; it keeps every price of every total inside of UFix64.
    access(all) let PRICE_MAX: UFix64
    /// The most tiers that a plan may have.
    access(all) let TIERS_MAX: Int
    /// Where the settlement root stands among the attested words.
    access(all) let SETTLEMENT_ROOT_WORD: Int
    /// How many settlement roots are kept: a week of epochs. An epoch's root makes room for the one so many later.
    access(all) let ROOTS_KEPT: UInt64
    /// How long a new version of a plan is announced before it can be accepted; not shorter than the exit.
    access(all) let planNoticeSeconds: UFix64
    /// How long after the request an owner may withdraw; longer than any attestation takes.
    access(all) let exitNoticeSeconds: UFix64

    /* --- STATE --- */

    /// While true there are no new subscriptions and no settlements. Withdrawals are never stopped.
    access(all) var isStopped: Bool
    /// The sum of all balances.
    access(all) var totalBalance: UFix64
    /// What was charged and not yet taken out by the provider.
    access(all) var unclaimedRevenue: UFix64
    access(self) let vault: @FlowToken.Vault
    /// All versions of all plans, in the order of their announcement.
    access(self) let plans: [Plan]
    /// Indices into `plans` by plan id, oldest version first.
    access(self) let planVersions: {UInt64: [Int]}
    /// What owners have accepted; subscriptions refer to it by index.
    access(self) let agreements: [Agreement]
    /// By id, so that those of one page lie together. No subscription has the id 0: what lies there is closed.
    access(self) let subscriptions: [Subscription]
    /// Attested settlement roots by epoch modulo `ROOTS_KEPT`.
    access(self) let settlementRoots: {UInt64: SettlementRoot}

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
        /// The first total of the next tier; 2^64 in the last.
        access(all) let endMicrotokens: Int128
        /// The price: 1e-8 FLOW for 1,000 tokens.
        access(all) let slope: Int128
        /// What the tiers below make the total cost more or less than by this price alone.
        access(all) let intercept: Int128

        view init(endMicrotokens: Int128, slope: Int128, intercept: Int128) {
            self.endMicrotokens = endMicrotokens
            self.slope = slope
            self.intercept = intercept
        }

        /// The tier that it was made of.
        access(all) view fun tier(): Tier {
            return Tier(
                endTokens: self.endMicrotokens > Int128(UInt64.max) ? nil : UInt64(self.endMicrotokens / 1_000_000),
                price: UFix64(self.slope) * 0.00000001
            )
        }
    }

    /// One version of a plan; it never changes.
    access(all) struct Plan {
        /// Where `agreements` has it for whoever comes without earlier plans.
        access(all) let agreement: Int
        /// The plan of which this is a version.
        access(all) let planId: UInt64
        /// Counted from 1.
        access(all) let planVersion: UInt64
        /// The least that a subscription opens with.
        access(all) let minimumDeposit: UFix64
        /// A balance below this is reported.
        access(all) let lowBalance: UFix64
        /// From when on it can be accepted.
        access(all) let effectiveAt: UFix64
        access(self) let lines: [Line]

        init(
            agreement: Int,
            planId: UInt64,
            planVersion: UInt64,
            tiers: [Tier],
            minimumDeposit: UFix64,
            lowBalance: UFix64,
            effectiveAt: UFix64
        ) {
            self.agreement = agreement
            self.planId = planId
            self.planVersion = planVersion
            self.minimumDeposit = minimumDeposit
            self.lowBalance = lowBalance
            self.effectiveAt = effectiveAt
            self.lines = UsageBasedSubscriptions.linesOf(tiers)
        }

        /// By rising end, the last without.
        access(all) view fun tiers(): [Tier] {
            var tiers: [Tier] = []
            for line in self.lines {
                tiers = tiers.concat([line.tier()])
            }
            return tiers
        }

        /// The cost of a cumulative total of micro-tokens, in 1e-8 FLOW x 1e-9, as a function: its own tier is found
        /// by comparing with the end of each, lowest first. What a function has captured costs nothing to read.
        ///
        /// @param offset: what every total costs more or less
        access(contract) view fun cost(offset: Int128): view fun(Int128): Int128 {
            let lines = self.lines.reverse()
            let lastSlope = lines[0].slope
            let lastIntercept = lines[0].intercept + offset
            var cost = view fun (total: Int128): Int128 {
                return lastIntercept + total * lastSlope
            }
            for line in lines.slice(from: 1, upTo: lines.length) {
                let above = cost
                let end = line.endMicrotokens
                let slope = line.slope
                let intercept = line.intercept + offset
                cost = view fun (total: Int128): Int128 {
                    return total < end ? intercept + total * slope : above(total)
                }
            }
            return cost
        }
    }

    /// The most that an owner lets be charged in 30 days.
    access(all) struct SpendCap {
        /// FLOW for 30 days.
        access(all) let limit: UFix64
        /// When the present 30 days began.
        access(all) let periodStart: UFix64
        /// All that had ever been charged until then.
        access(all) let chargedBefore: UFix64

        view init(limit: UFix64, periodStart: UFix64, chargedBefore: UFix64) {
            self.limit = limit
            self.periodStart = periodStart
            self.chargedBefore = chargedBefore
        }

        /// The cap as it stands now: a new period has begun with nothing spent.
        ///
        /// @param charged: all that was ever charged
        access(contract) view fun now(charged: UFix64): SpendCap {
            let elapsed = getCurrentBlock().timestamp - self.periodStart
            let period = UsageBasedSubscriptions.SPEND_PERIOD_SECONDS
            return elapsed < period
                ? self
                : SpendCap(
                    limit: self.limit,
                    periodStart: self.periodStart + elapsed - elapsed % period,
                    chargedBefore: charged
                )
        }

        /// What may still be charged in this period.
        access(all) view fun left(charged: UFix64): UFix64 {
            return self.limit.saturatingSubtract(charged - self.chargedBefore)
        }
    }

    /// What an owner accepted: a version of a plan, from a total on.
    access(all) struct Agreement {
        /// The version of the plan, as an index into `plans`.
        access(all) let planIndex: Int
        /// By how much a total costs more or less than on the plan alone, because of earlier plans.
        access(all) let costOffset: Int128

        view init(planIndex: Int, costOffset: Int128) {
            self.planIndex = planIndex
            self.costOffset = costOffset
        }
    }

    /// A subscription's account: deposited = balance + charged + withdrawn + refunded, always.
    ///
    /// While no spend cap holds charges back, something is owed only if the balance is nil: whatever adds to a balance
    /// or takes a cap away charges what is owed at once.
    access(all) struct Subscription {
        /// The account that holds, or last held, the owner's rights.
        access(all) var owner: Address
        /// What the owner accepted, as an index into `agreements`.
        access(all) var agreement: Int
        /// All that ever came in.
        access(all) var deposited: UFix64
        /// All that was ever charged.
        access(all) var charged: UFix64
        /// What the owner took out before the end.
        access(all) var withdrawn: UFix64
        /// What the owner got back at the end.
        access(all) var refunded: UFix64
        /// How far `charged` may rise without looking any further: as far as there is a balance, but to nothing where
        /// there is a spend cap to be asked or the subscription is closed.
        access(self) var limit: UFix64
        /// Used, attested, and not yet charged.
        access(all) var owed: UFix64
        /// What the owner allows to be charged; nil is no limit.
        access(all) var spendCap: SpendCap?
        /// The cumulative rated total that was settled last; it only grows.
        access(all) var settledMicrotokens: UInt64
        /// The epoch whose page brought it.
        access(all) var settledEpoch: UInt64
        /// From when on the owner may withdraw; nil while no exit is requested.
        access(all) var exitAt: UFix64?
        /// Whether the subscription has ended.
        access(all) var isClosed: Bool

        view init(owner: Address, agreement: Int, deposit: UFix64) {
            self.owner = owner
            self.agreement = agreement
            self.deposited = deposit
            self.charged = 0.0
            self.withdrawn = 0.0
            self.refunded = 0.0
            self.limit = deposit
            self.owed = 0.0
            self.spendCap = nil
            self.settledMicrotokens = 0
            self.settledEpoch = 0
            self.exitAt = nil
            self.isClosed = false
        }

        /// What the owner still has.
        access(all) view fun balance(): UFix64 {
            return self.deposited - self.charged - self.withdrawn - self.refunded
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

        /// What may be charged now: the balance, within the spend cap.
        access(all) view fun spendable(): UFix64 {
            let charged = self.charged
            let left = self.spendCap?.now(charged: charged)?.left(charged: charged) ?? UFix64.max
            return left < self.balance() ? left : self.balance()
        }

        /// Charges what a new total costs beyond what was charged before. Returns what was charged.
        ///
        /// Here the usual case is served: the price has risen, nothing is owed, and the balance suffices.
        ///
        /// @param cost: by the owner's agreement
        access(contract) fun settle(
            _ subscriptionId: UInt64,
            epoch: UInt64,
            microtokens: UInt64,
            cost: view fun(Int128): Int128,
            lowBalance: UFix64
        ): UFix64 {
            let charged = self.charged
            let limit = self.limit
            let price = UsageBasedSubscriptions.flow(cost: cost(Int128(microtokens)))
            if price <= charged || price > limit {
                return self.settleInPart(
                    subscriptionId,
                    epoch: epoch,
                    microtokens: microtokens,
                    price: price,
                    lowBalance: lowBalance
                )
            }
            self.charged = price
            self.settledMicrotokens = microtokens
            self.settledEpoch = epoch
            emit Settled(
                subscriptionId: subscriptionId,
                epoch: epoch,
                ratedMicrotokens: microtokens,
                charged: price - charged,
                owed: 0.0,
                balanceAfter: limit - price
            )
            if limit - price < lowBalance {
                self.warn(subscriptionId, before: limit - charged, after: limit - price, lowBalance: lowBalance)
            }
            return price - charged
        }

        /// Charges in any other case: a late or repeated page, a total that costs nothing more, a balance or a spend cap
        /// that does not suffice, a closed subscription.
        ///
        /// @param price: what the total costs here
        access(self) fun settleInPart(
            _ subscriptionId: UInt64,
            epoch: UInt64,
            microtokens: UInt64,
            price: UFix64,
            lowBalance: UFix64
        ): UFix64 {
            if self.isClosed {
                emit SettlementSkipped(subscriptionId: subscriptionId, epoch: epoch, ratedMicrotokens: microtokens)
                return 0.0
            }
            if microtokens <= self.settledMicrotokens {
                return self.chargeOwed(subscriptionId, lowBalance: lowBalance)
            }
            self.settledMicrotokens = microtokens
            self.settledEpoch = epoch
            return self.charge(subscriptionId, due: price - self.charged, lowBalance: lowBalance)
        }

        /// Charges what is owed, as far as balance and spend cap allow; nothing happens where they allow nothing.
        access(contract) fun chargeOwed(_ subscriptionId: UInt64, lowBalance: UFix64): UFix64 {
            let owed = self.owed
            return owed > 0.0 && self.spendable() > 0.0
                ? self.charge(subscriptionId, due: owed, lowBalance: lowBalance)
                : 0.0
        }

        /// Charges up to `due`, as far as balance and spend cap allow; the rest is owed.
        access(self) fun charge(_ subscriptionId: UInt64, due: UFix64, lowBalance: UFix64): UFix64 {
            let charged = self.charged
            let balance = self.balance()
            var charge = due < balance ? due : balance
            if let cap = self.spendCap {
                let now = cap.now(charged: charged)
                let left = now.left(charged: charged)
                charge = charge < left ? charge : left
                if now.periodStart > cap.periodStart {
                    self.spendCap = now
                }
            }
            self.charged = charged + charge
            emit Settled(
                subscriptionId: subscriptionId,
                epoch: self.settledEpoch,
                ratedMicrotokens: self.settledMicrotokens,
                charged: charge,
                owed: due - charge,
                balanceAfter: balance - charge
            )
            self.warn(subscriptionId, before: balance, after: balance - charge, lowBalance: lowBalance)
            self.owe(subscriptionId, due - charge)
            return charge
        }

        access(self) fun warn(_ subscriptionId: UInt64, before: UFix64, after: UFix64, lowBalance: UFix64) {
            if before >= lowBalance && after < lowBalance {
                emit LowBalance(subscriptionId: subscriptionId, balanceAfter: after)
            }
        }

        access(self) fun owe(_ subscriptionId: UInt64, _ owed: UFix64) {
            let before = self.owed
            self.owed = owed
            if before == 0.0 && owed > 0.0 {
                emit Suspended(subscriptionId: subscriptionId, owed: owed)
            }
            if before > 0.0 && owed == 0.0 {
                emit Resumed(subscriptionId: subscriptionId)
            }
        }

        access(contract) fun deposit(_ amount: UFix64) {
            self.deposited = self.deposited + amount
            self.setLimit()
        }

        access(contract) fun withdraw(_ amount: UFix64) {
            self.withdrawn = self.withdrawn + amount
            self.setLimit()
        }

        /// Ends the subscription; returns what is left of the deposit.
        access(contract) fun close(): UFix64 {
            let refund = self.balance()
            self.refunded = refund
            self.isClosed = true
            self.setLimit()
            return refund
        }

        access(contract) fun setSpendCap(_ limit: UFix64?) {
            if let amount = limit {
                let old = self.spendCap?.now(charged: self.charged)
                self.spendCap = SpendCap(
                    limit: amount,
                    periodStart: old?.periodStart ?? getCurrentBlock().timestamp,
                    chargedBefore: old?.chargedBefore ?? self.charged
                )
            } else {
                self.spendCap = nil
            }
            self.setLimit()
        }

        access(self) fun setLimit() {
            self.limit = self.spendCap == nil && !self.isClosed ? self.balance() + self.charged : 0.0
        }

        access(contract) fun setAgreement(_ agreement: Int) {
            self.agreement = agreement
        }

        access(contract) fun setExit(at: UFix64?) {
            self.exitAt = at
        }

        access(contract) fun setOwner(_ owner: Address) {
            self.owner = owner
        }
    }

    /// An attested root and the epoch that it belongs to.
    access(all) struct SettlementRoot {
        /// The epoch.
        access(all) let epoch: UInt64
        /// 64 hex digits.
        access(all) let root: String

        view init(epoch: UInt64, root: String) {
            self.epoch = epoch
            self.root = root
        }
    }

    /// Whether a subscription may be used now, and how far its money goes.
    access(all) struct Entitlement {
        /// `active`, `suspended` (something is owed), `exiting` or `closed`; only an active one is entitled.
        access(all) let status: String
        /// What may be charged now: the balance, within the spend cap.
        access(all) let spendable: UFix64

        view init(status: String, spendable: UFix64) {
            self.status = status
            self.spendable = spendable
        }

        /// Whether calls should be answered.
        access(all) view fun isEntitled(): Bool {
            return self.status == "active" && self.spendable > 0.0
        }
    }

    /// How far a subscription is settled.
    access(all) struct Settlement {
        /// The epoch of the last page that brought a higher total.
        access(all) let epoch: UInt64
        /// That total.
        access(all) let ratedMicrotokens: UInt64
        /// All that was ever charged.
        access(all) let charged: UFix64
        /// Used, attested, and not yet charged.
        access(all) let owed: UFix64

        view init(epoch: UInt64, ratedMicrotokens: UInt64, charged: UFix64, owed: UFix64) {
            self.epoch = epoch
            self.ratedMicrotokens = ratedMicrotokens
            self.charged = charged
            self.owed = owed
        }
    }

    /* --- RESOURCES --- */

    /// The right to one subscription. It can be moved to another account from holder to holder. Whoever destroys it has
    /// given up what is left of the deposit.
    access(all) resource Ownership {
        /// The subscription that it is the right to.
        access(all) let subscriptionId: UInt64

        init(subscriptionId: UInt64) {
            self.subscriptionId = subscriptionId
        }
    }

    /// The subscriptions of an account and what their owner may do. Keep it at `HolderStoragePath`. The contract notes
    /// the account at every opening and every move; a holder that was itself moved must `claim` before anything else.
    access(all) resource Holder {
        access(self) let ownerships: @{UInt64: Ownership}

        /// Whether a subscription is held here.
        access(all) view fun holds(_ subscriptionId: UInt64): Bool {
            return self.ownerships.containsKey(subscriptionId)
        }

        /// The ids of the subscriptions held here.
        access(all) view fun ids(): [UInt64] {
            return self.ownerships.keys
        }

        /// Opens a subscription with a deposit; returns its id.
        ///
        /// @param planVersion: the version that is accepted; it must be the newest in force
        access(Owner) fun open(planId: UInt64, planVersion: UInt64, deposit: @FlowToken.Vault): UInt64 {
            let ownership <- UsageBasedSubscriptions.open(
                owner: self.address(),
                planId: planId,
                planVersion: planVersion,
                deposit: <-deposit
            )
            let subscriptionId = ownership.subscriptionId
            self.ownerships[subscriptionId] <-! ownership
            return subscriptionId
        }

        /// Adds to the deposit. What is owed is charged at once.
        access(Owner) fun topUp(subscriptionId: UInt64, payment: @FlowToken.Vault) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.deposit(subscriptionId: subscriptionId, payment: <-payment, from: self.address())
        }

        /// Sets the most that may be charged in 30 days from the first cap on; nil takes the limit away. What exceeds
        /// it stays owed, and is charged in the next period, under a higher cap or before a withdrawal.
        access(Owner) fun setSpendCap(subscriptionId: UInt64, limit: UFix64?) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.setSpendCap(subscriptionId: subscriptionId, limit: limit)
        }

        /// Accepts another plan, or another version, from the settled total on.
        ///
        /// @param planVersion: the version that is accepted; it must be the newest in force
        access(Owner) fun changePlan(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.changePlan(
                subscriptionId: subscriptionId,
                planId: planId,
                planVersion: planVersion
            )
        }

        /// Begins the notice after which the balance can be withdrawn.
        access(Owner) fun requestExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.requestExit(subscriptionId)
        }

        /// Stays after all.
        access(Owner) fun cancelExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            UsageBasedSubscriptions.borrowExiting(subscriptionId).setExit(at: nil)
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
            return <-UsageBasedSubscriptions.close(subscriptionId, to: self.address())
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
                self.holds(subscriptionId),
                message: "UsageBasedSubscriptions.Holder: subscription \(subscriptionId) is not held here"
            )
            UsageBasedSubscriptions.setOwner(subscriptionId: subscriptionId, owner: self.address())
        }

        access(self) view fun requireHeld(_ subscriptionId: UInt64) {
            assert(
                self.holds(subscriptionId),
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
                words: delivery.wordsFor(&self as &{FlareFDCTriggers.Handler})
            )
        }
    }

    /// The provider's rights. None of them touches a subscription's balance.
    access(all) resource Admin {

        /// Announces a plan, or the next version of one. A first version can be accepted at once, since nobody is on
        /// it; a later one after the notice, in which whoever does not want it can leave.
        ///
        /// @param tiers: by rising end, the last without
        access(Operate) fun addPlan(planId: UInt64, tiers: [Tier], minimumDeposit: UFix64, lowBalance: UFix64) {
            UsageBasedSubscriptions.addPlan(
                planId: planId,
                tiers: tiers,
                minimumDeposit: minimumDeposit,
                lowBalance: lowBalance
            )
        }

        /// Lets an owner who requested an exit and owes nothing withdraw now.
        access(Operate) fun waiveExitNotice(subscriptionId: UInt64) {
            UsageBasedSubscriptions.waiveExitNotice(subscriptionId)
        }

        /// Stops new subscriptions and settlement, or lets them go on.
        access(Operate) fun setStopped(_ isStopped: Bool) {
            UsageBasedSubscriptions.isStopped = isStopped
            emit StopChanged(isStopped: isStopped)
        }

        /// Takes out what was charged.
        access(Collect) fun withdrawRevenue(amount: UFix64): @FlowToken.Vault {
            let to = self.owner?.address
                ?? panic("UsageBasedSubscriptions.Admin: the provider's rights work only in an account's storage")
            return <-UsageBasedSubscriptions.withdrawRevenue(amount: amount, to: to)
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
        post {
            self.isSound(): self.unsound()
        }
        let root = self.settlementRoot(epoch: epoch)
            ?? panic("UsageBasedSubscriptions.settle: no settlement root of epoch \(epoch) is attested and kept")
        let text = self.pageText(epoch: epoch, page: page, ids: ids, ratedMicrotokens: ratedMicrotokens)
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(text.utf8))
        assert(
            FlareOracleVerifier.foldPath(leaf: leaf, path: path) == root,
            message: "UsageBasedSubscriptions.settle: page \(page) does not belong to the settlement root of epoch \(epoch)"
        )
        self.earn(self.settlePage(epoch: epoch, ids: ids, ratedMicrotokens: ratedMicrotokens))
    }

    /// Settles each subscription on a page; returns what was charged in all. An attested page never fails as a whole.
    access(self) fun settlePage(epoch: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64]): UFix64 {
        let subscriptions = &self.subscriptions as &[Subscription]
        let end = UInt64(subscriptions.length)
        let costs: {Int: view fun(Int128): Int128} = {}
        let lowBalances: {Int: UFix64} = {}
        var charged = 0.0
        var agreement = -1
        var cost = view fun (total: Int128): Int128 { return 0 }
        var lowBalance = 0.0
        for subscriptionId in ids {
            if subscriptionId >= end {
                emit SettlementSkipped(
                    subscriptionId: subscriptionId,
                    epoch: epoch,
                    ratedMicrotokens: ratedMicrotokens.removeFirst()
                )
                continue
            }
            let subscription = subscriptions[subscriptionId]
            if subscription.agreement != agreement {
                agreement = subscription.agreement
                cost = costs[agreement] ?? self.cost(agreement: agreement)
                lowBalance = lowBalances[agreement] ?? self.borrowPlan(agreement: agreement).lowBalance
                costs[agreement] = cost
                lowBalances[agreement] = lowBalance
            }
            charged = charged + subscription.settle(
                subscriptionId,
                epoch: epoch,
                microtokens: ratedMicrotokens.removeFirst(),
                cost: cost,
                lowBalance: lowBalance
            )
        }
        return charged
    }

    /* --- VIEWS --- */

    /// The canonical text of a settlement page, whose keccak256 is a leaf of the settlement tree.
    access(all) fun pageText(
        epoch: UInt64,
        page: UInt64,
        ids: [UInt64],
        ratedMicrotokens: [UInt64]
    ): String {
        let head = "flareflow-page/1 \(self.getType().identifier) epoch \(epoch) page \(page)"
        let lines = ids.map(fun (subscriptionId: UInt64): String {
            return "\(subscriptionId):\(ratedMicrotokens.removeFirst())"
        })
        return String.join([head].concat(lines), separator: "\n")
    }

    /// How many subscriptions were ever opened; the newest has this id.
    access(all) view fun subscriptionsOpened(): UInt64 {
        return UInt64(self.subscriptions.length - 1)
    }

    /// A subscription by its id, closed ones too.
    access(all) view fun subscription(_ subscriptionId: UInt64): Subscription? {
        return self.isKnown(subscriptionId) ? self.subscriptions[subscriptionId] : nil
    }

    /// What the owner of a subscription still has.
    access(all) view fun balance(_ subscriptionId: UInt64): UFix64 {
        return self.borrow(subscriptionId).balance()
    }

    /// Whether a subscription may be used now, and how far its money goes.
    access(all) view fun entitlementOf(_ subscriptionId: UInt64): Entitlement {
        let subscription = self.borrow(subscriptionId)
        return Entitlement(status: subscription.status(), spendable: subscription.spendable())
    }

    /// How far a subscription is settled.
    access(all) view fun lastSettlement(_ subscriptionId: UInt64): Settlement {
        let subscription = self.borrow(subscriptionId)
        return Settlement(
            epoch: subscription.settledEpoch,
            ratedMicrotokens: subscription.settledMicrotokens,
            charged: subscription.charged,
            owed: subscription.owed
        )
    }

    /// The version of a plan that can be accepted now, or nil.
    access(all) view fun plan(_ planId: UInt64): Plan? {
        if let plan = self.effectiveVersion(planId) {
            return self.plans[self.agreements[plan.agreement].planIndex]
        }
        return nil
    }

    /// How many versions of a plan were announced.
    access(all) view fun planVersionsOf(_ planId: UInt64): UInt64 {
        return UInt64(self.planVersions[planId]?.length ?? 0)
    }

    /// The version of a plan that a subscription is on.
    access(all) view fun planOf(_ subscriptionId: UInt64): Plan {
        return self.plans[self.agreements[self.borrow(subscriptionId).agreement].planIndex]
    }

    /// What a cumulative total costs on the version of a plan that can be accepted now, in FLOW.
    access(all) view fun quote(planId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let plan = self.effectiveVersion(planId)
            ?? panic("UsageBasedSubscriptions.quote: there is no plan \(planId)")
        return self.flow(cost: plan.cost(offset: 0)(Int128(ratedMicrotokens)))
    }

    /// What a settlement of this total would charge or leave owed now, in FLOW.
    access(all) view fun estimate(subscriptionId: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let subscription = self.borrow(subscriptionId)
        return ratedMicrotokens <= subscription.settledMicrotokens
            ? subscription.owed
            : self.flow(cost: self.cost(agreement: subscription.agreement)(Int128(ratedMicrotokens))) - subscription.charged
    }

    /// The attested settlement root of an epoch, 64 hex digits; nil where there is none or it is no longer kept.
    access(all) view fun settlementRoot(epoch: UInt64): String? {
        if let kept = &self.settlementRoots[epoch % self.ROOTS_KEPT] as &SettlementRoot? {
            return kept.epoch == epoch ? kept.root : nil
        }
        return nil
    }

    /// All FLOW that the contract holds: the sum of all balances and the unclaimed revenue.
    access(all) view fun vaultBalance(): UFix64 {
        return self.vault.balance
    }

    /* --- WHAT OWNERS AND PROVIDER CAUSE --- */

    access(contract) fun open(
        owner: Address,
        planId: UInt64,
        planVersion: UInt64,
        deposit: @FlowToken.Vault
    ): @Ownership {
        pre {
            !self.isStopped: "UsageBasedSubscriptions.open: new subscriptions are stopped"
        }
        post {
            self.isSound(): self.unsound()
        }
        if let trigger = FlareFDCTriggers.triggerTakingEffect(handlers: self.account.address, within: 2.0 * self.exitNoticeSeconds) {
            panic("UsageBasedSubscriptions.open: trigger \(trigger) takes effect before an owner who opens now could leave")
        }
        let plan = self.acceptedVersion(planId, planVersion)
        let amount = deposit.balance
        if amount < plan.minimumDeposit {
            panic("UsageBasedSubscriptions.open: plan \(planId) wants a deposit of \(plan.minimumDeposit) or more, not \(amount)")
        }
        self.take(amount, <-deposit)
        let subscriptions = &self.subscriptions as auth(Insert) &[Subscription]
        let subscriptionId = UInt64(subscriptions.length)
        subscriptions.append(Subscription(owner: owner, agreement: plan.agreement, deposit: amount))
        emit SubscriptionOpened(
            subscriptionId: subscriptionId,
            owner: owner,
            planId: planId,
            planVersion: planVersion,
            deposit: amount,
            balanceAfter: amount
        )
        return <-create Ownership(subscriptionId: subscriptionId)
    }

    access(contract) fun deposit(subscriptionId: UInt64, payment: @FlowToken.Vault, from: Address?) {
        pre {
            payment.balance > 0.0: "UsageBasedSubscriptions.topUp: there is nothing in the payment"
        }
        post {
            self.isSound(): self.unsound()
        }
        let subscription = self.borrowOpen(subscriptionId)
        let amount = payment.balance
        self.take(amount, <-payment)
        subscription.deposit(amount)
        emit ToppedUp(subscriptionId: subscriptionId, from: from, amount: amount, balanceAfter: subscription.balance())
        self.chargeOwed(subscriptionId, subscription)
    }

    access(contract) fun setSpendCap(subscriptionId: UInt64, limit: UFix64?) {
        post {
            self.isSound(): self.unsound()
        }
        let subscription = self.borrowOpen(subscriptionId)
        subscription.setSpendCap(limit)
        emit SpendCapSet(subscriptionId: subscriptionId, limit: limit)
        self.chargeOwed(subscriptionId, subscription)
    }

    /// Goes on from the settled total by another plan, so that this total costs what it did.
    access(contract) fun changePlan(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64) {
        let plan = self.acceptedVersion(planId, planVersion)
        let subscription = self.borrowOpen(subscriptionId)
        let total = Int128(subscription.settledMicrotokens)
        let agreement = Agreement(
            planIndex: self.agreements[plan.agreement].planIndex,
            costOffset: self.cost(agreement: subscription.agreement)(total) - plan.cost(offset: 0)(total)
        )
        if agreement.costOffset == 0 {
            subscription.setAgreement(plan.agreement)
        } else {
            subscription.setAgreement(self.agreements.length)
            self.agreements.append(agreement)
        }
        emit PlanChanged(
            subscriptionId: subscriptionId,
            planId: planId,
            planVersion: planVersion,
            fromMicrotokens: subscription.settledMicrotokens
        )
    }

    access(contract) fun requestExit(_ subscriptionId: UInt64) {
        let subscription = self.borrowOpen(subscriptionId)
        assert(
            subscription.exitAt == nil,
            message: "UsageBasedSubscriptions.requestExit: the exit of subscription \(subscriptionId) is requested already"
        )
        self.setExit(subscriptionId, subscription, at: getCurrentBlock().timestamp + self.exitNoticeSeconds)
    }

    access(contract) fun waiveExitNotice(_ subscriptionId: UInt64) {
        let subscription = self.borrowExiting(subscriptionId)
        let owed = subscription.owed
        assert(
            owed == 0.0,
            message: "UsageBasedSubscriptions.waiveExitNotice: subscription \(subscriptionId) owes \(owed)"
        )
        self.setExit(subscriptionId, subscription, at: getCurrentBlock().timestamp)
    }

    access(self) fun setExit(_ subscriptionId: UInt64, _ subscription: &Subscription, at: UFix64) {
        subscription.setExit(at: at)
        emit ExitRequested(subscriptionId: subscriptionId, exitAt: at)
    }

    access(contract) fun withdraw(subscriptionId: UInt64, amount: UFix64, to: Address): @FlowToken.Vault {
        post {
            self.isSound(): self.unsound()
        }
        let subscription = self.borrowLeaving(subscriptionId)
        let balance = subscription.balance()
        assert(
            amount > 0.0 && amount <= balance,
            message: "UsageBasedSubscriptions.withdraw: subscription \(subscriptionId) has \(balance), not \(amount)"
        )
        subscription.withdraw(amount)
        emit Withdrawn(subscriptionId: subscriptionId, to: to, amount: amount, balanceAfter: balance - amount)
        return <-self.payBack(amount)
    }

    access(contract) fun close(_ subscriptionId: UInt64, to: Address): @FlowToken.Vault {
        post {
            self.isSound(): self.unsound()
        }
        let refund = self.borrowLeaving(subscriptionId).close()
        emit Closed(subscriptionId: subscriptionId, to: to, refunded: refund)
        return <-self.payBack(refund)
    }

    /// A subscription ready for its owner to take money out: the notice has passed, and what was owed is charged.
    access(self) fun borrowLeaving(_ subscriptionId: UInt64): &Subscription {
        let subscription = self.borrowExiting(subscriptionId)
        let exitAt = subscription.exitAt!
        assert(
            getCurrentBlock().timestamp >= exitAt,
            message: "UsageBasedSubscriptions: the notice of subscription \(subscriptionId) ends at \(exitAt)"
        )
        if subscription.spendCap != nil {
            self.setSpendCap(subscriptionId: subscriptionId, limit: nil)
        }
        return subscription
    }

    access(contract) fun setOwner(subscriptionId: UInt64, owner: Address) {
        let subscription = self.borrowOpen(subscriptionId)
        emit OwnerChanged(subscriptionId: subscriptionId, from: subscription.owner, to: owner)
        subscription.setOwner(owner)
    }

    access(contract) fun withdrawRevenue(amount: UFix64, to: Address): @FlowToken.Vault {
        pre {
            amount <= self.unclaimedRevenue:
                "UsageBasedSubscriptions.withdrawRevenue: \(self.unclaimedRevenue) is unclaimed, not \(amount)"
        }
        post {
            self.isSound(): self.unsound()
        }
        self.unclaimedRevenue = self.unclaimedRevenue - amount
        emit RevenueWithdrawn(amount: amount, to: to, unclaimedAfter: self.unclaimedRevenue)
        return <-self.pay(amount)
    }

    access(contract) fun addPlan(planId: UInt64, tiers: [Tier], minimumDeposit: UFix64, lowBalance: UFix64) {
        let indices = self.planVersions[planId] ?? []
        let notice = indices.length == 0 ? 0.0 : self.planNoticeSeconds
        let plan = Plan(
            agreement: self.agreements.length,
            planId: planId,
            planVersion: UInt64(indices.length) + 1,
            tiers: tiers,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance,
            effectiveAt: getCurrentBlock().timestamp + notice
        )
        self.planVersions[planId] = indices.concat([self.plans.length])
        self.agreements.append(Agreement(planIndex: self.plans.length, costOffset: 0))
        self.plans.append(plan)
        emit PlanAdded(
            planId: planId,
            planVersion: plan.planVersion,
            tiers: tiers,
            minimumDeposit: minimumDeposit,
            lowBalance: lowBalance,
            effectiveAt: plan.effectiveAt
        )
    }

    access(contract) fun keepSettlementRoot(epoch: UInt64, words: [UInt256]) {
        let place = epoch % self.ROOTS_KEPT
        if let kept = self.settlementRoots[place] {
            assert(
                kept.epoch < epoch,
                message: "UsageBasedSubscriptions: no root is taken for epoch \(epoch), since that of \(kept.epoch) is kept in its place"
            )
        }
        let root = String.encodeHex(words[self.SETTLEMENT_ROOT_WORD].toBigEndianBytes())
        self.settlementRoots[place] = SettlementRoot(epoch: epoch, root: root)
        emit StatementAccepted(epoch: epoch, settlementRoot: root)
    }

    /* --- INSIDE --- */

    access(self) fun chargeOwed(_ subscriptionId: UInt64, _ subscription: &Subscription) {
        if subscription.owed > 0.0 {
            let plan = self.borrowPlan(agreement: subscription.agreement)
            self.earn(subscription.chargeOwed(subscriptionId, lowBalance: plan.lowBalance))
        }
    }

    /// The cost of a total by an agreement, in 1e-8 FLOW x 1e-9, as a function.
    access(self) view fun cost(agreement: Int): view fun(Int128): Int128 {
        return self.borrowPlan(agreement: agreement).cost(offset: self.agreements[agreement].costOffset)
    }

    access(self) view fun borrowPlan(agreement: Int): &Plan {
        return &self.plans[self.agreements[agreement].planIndex]
    }

    /// A charge goes from the balances to the revenue; the vault stays as it is.
    access(self) fun earn(_ charged: UFix64) {
        self.totalBalance = self.totalBalance - charged
        self.unclaimedRevenue = self.unclaimedRevenue + charged
    }

    access(self) fun take(_ amount: UFix64, _ payment: @FlowToken.Vault) {
        self.totalBalance = self.totalBalance + amount
        self.vault.deposit(from: <-payment)
    }

    access(self) fun payBack(_ amount: UFix64): @FlowToken.Vault {
        self.totalBalance = self.totalBalance - amount
        return <-self.pay(amount)
    }

    access(self) fun pay(_ amount: UFix64): @FlowToken.Vault {
        return <-(self.vault.withdraw(amount: amount) as! @FlowToken.Vault)
    }

    /// The vault holds the balances and the unclaimed revenue and nothing else.
    access(self) view fun isSound(): Bool {
        return self.vault.balance == self.totalBalance + self.unclaimedRevenue
    }

    access(self) view fun unsound(): String {
        return "UsageBasedSubscriptions: \(self.vault.balance) is held, for balances of \(self.totalBalance) and a revenue of \(self.unclaimedRevenue)"
    }

    access(self) view fun isKnown(_ subscriptionId: UInt64): Bool {
        return subscriptionId > 0 && subscriptionId < UInt64(self.subscriptions.length)
    }

    access(contract) view fun borrow(_ subscriptionId: UInt64): &Subscription {
        if !self.isKnown(subscriptionId) {
            panic("UsageBasedSubscriptions: there is no subscription \(subscriptionId)")
        }
        return &self.subscriptions[subscriptionId]
    }

    access(self) view fun borrowOpen(_ subscriptionId: UInt64): &Subscription {
        let subscription = self.borrow(subscriptionId)
        if subscription.isClosed {
            panic("UsageBasedSubscriptions: subscription \(subscriptionId) is closed")
        }
        return subscription
    }

    access(contract) view fun borrowExiting(_ subscriptionId: UInt64): &Subscription {
        let subscription = self.borrowOpen(subscriptionId)
        if subscription.exitAt == nil {
            panic("UsageBasedSubscriptions: no exit of subscription \(subscriptionId) is requested")
        }
        return subscription
    }

    /// The version of a plan that an owner accepts.
    access(self) view fun acceptedVersion(_ planId: UInt64, _ planVersion: UInt64): &Plan {
        let plan = self.effectiveVersion(planId) ?? panic("UsageBasedSubscriptions: there is no plan \(planId)")
        if planVersion != plan.planVersion {
            panic("UsageBasedSubscriptions: version \(plan.planVersion) of plan \(planId) is in force, not \(planVersion)")
        }
        return plan
    }

    /// The newest version of a plan whose notice has passed.
    access(self) view fun effectiveVersion(_ planId: UInt64): &Plan? {
        let now = getCurrentBlock().timestamp
        var newest: &Plan? = nil
        for index in self.planVersions[planId] ?? [] {
            let plan = &self.plans[index] as &Plan
            if plan.effectiveAt <= now {
                newest = plan
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
        var start: Int128 = 0
        var intercept: Int128 = 0
        var previousSlope: Int128 = 0
        for position, tier in tiers {
            assert(
                tier.price <= self.PRICE_MAX,
                message: "UsageBasedSubscriptions: a price is at most \(self.PRICE_MAX), not \(tier.price)"
            )
            let slope = Int128(tier.price * 100_000_000.0)
            intercept = intercept + start * (previousSlope - slope)
            let end: Int128 = tier.endTokens == nil ? 18_446_744_073_709_551_616 : Int128(tier.endTokens!) * 1_000_000
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

    /// A cost in 1e-8 FLOW x 1e-9 as FLOW, rounded down to 1e-8. A late page may bring a total from before a change to a
    /// dearer plan, whose cost comes out below zero: that is nothing.
    access(contract) view fun flow(cost: Int128): UFix64 {
        return cost < 0
            ? 0.0
            : UFix64(cost / 100_000_000_000_000_000) + UFix64(cost / 1_000_000_000 % 100_000_000) * 0.00000001
    }

    /// @param planNoticeSeconds: how long a new version of a plan is announced before it can be accepted
    /// @param exitNoticeSeconds: how long after the request an owner may withdraw
    init(planNoticeSeconds: UFix64, exitNoticeSeconds: UFix64) {
        pre {
            planNoticeSeconds >= exitNoticeSeconds:
                "UsageBasedSubscriptions.init: whoever does not want a plan needs \(exitNoticeSeconds) seconds to leave, not \(planNoticeSeconds)"
            FlareFDCTriggers.noticeSeconds >= 2.0 * exitNoticeSeconds:
                "UsageBasedSubscriptions.init: the notice of triggers is \(FlareFDCTriggers.noticeSeconds) seconds, less than twice the \(exitNoticeSeconds) of an exit"
        }
        self.AdminStoragePath = /storage/usageBasedSubscriptionsAdmin
        self.HandlerStoragePath = /storage/usageBasedSubscriptionsHandler
        self.HolderStoragePath = /storage/usageBasedSubscriptionsHolder
        self.HolderPublicPath = /public/usageBasedSubscriptionsHolder
        self.SPEND_PERIOD_SECONDS = 2_592_000.0
        self.PRICE_MAX = 10.0
        self.TIERS_MAX = 16
        self.SETTLEMENT_ROOT_WORD = 4
        self.ROOTS_KEPT = 2_016
        self.planNoticeSeconds = planNoticeSeconds
        self.exitNoticeSeconds = exitNoticeSeconds
        self.isStopped = false
        self.totalBalance = 0.0
        self.unclaimedRevenue = 0.0
        self.vault <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
        self.plans = []
        self.planVersions = {}
        self.agreements = []
        self.subscriptions = []
        self.settlementRoots = {}
        let nobodys = Subscription(owner: self.account.address, agreement: -1, deposit: 0.0)
        nobodys.close()
        self.subscriptions.append(nobodys)
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
