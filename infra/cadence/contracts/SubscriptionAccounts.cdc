import "GraduatedPricing"
import "SubscriptionTerms"

/// The account of one subscription: what was paid in, what was charged and what is owed. How totals become a bill is
/// decided in `SubscriptionTerms`.
///
/// MONEY
/// At every moment deposited + credited = balance + charged + withdrawn + refunded, in the token of the vault.
/// What cannot be charged now is owed, in the currency of the plan. It is charged as soon as something allows it.
access(all) contract SubscriptionAccounts {

    /* --- EVENTS --- */

    /// Usage was charged: `charged` tokens went from the balance to the revenue. `owed` is still to be charged, in the
    /// currency of the plan. `rate` is dollars for one token; nil for a plan that is priced in the token.
    access(all) event Settled(
        subscriptionId: UInt64, epoch: UInt64, ratedMicrotokens: UInt64, charged: UFix64, owed: UFix64,
        balanceAfter: UFix64, rate: UFix64?
    )
    /// A page names a subscription that does not exist or has ended; the rest of the page was settled.
    access(all) event SettlementSkipped(subscriptionId: UInt64, epoch: UInt64, ratedMicrotokens: UInt64)
    /// A charge took the balance below the plan's `lowBalance`.
    access(all) event LowBalance(subscriptionId: UInt64, balanceAfter: UFix64)
    /// Something is owed now, in the currency of the plan: the balance or a limit does not cover the bill.
    access(all) event Suspended(subscriptionId: UInt64, owed: UFix64)
    /// Nothing is owed any more.
    access(all) event Resumed(subscriptionId: UInt64)
    /// A plan that the owner accepted earlier is in force now, for all usage above `fromMicrotokens`.
    access(all) event PlanChanged(subscriptionId: UInt64, planId: UInt64, planVersion: UInt64, fromMicrotokens: UInt64)
    /// The provider gave up a part of what was owed, in the currency of the plan.
    access(all) event Forgiven(subscriptionId: UInt64, amount: UFix64, owedAfter: UFix64)

    /* --- STRUCTS --- */

    /// What the usual case of a settlement reads and writes of a subscription. Everything else is in its ledger, which
    /// is stored apart so that the usual case does not pay for it.
    access(all) struct Subscription {
        /// The line of the tier of the settled total, packed as in `GraduatedPricing`. It ends where a total needs a
        /// check: in another tier, or not covered by balance and limits. 0 if every total needs one; `settleCarefully`
        /// sets it, and everything that could make its end too high sets it to 0.
        access(self) var quickLine: UInt256
        /// The most that `charged` can ever be with the present deposit, in tokens.
        access(all) var funds: UFix64
        /// All tokens that were ever charged.
        access(all) var charged: UFix64
        /// The epoch of the last settlement x 2^64 + the total that it brought: every settlement writes both, and one
        /// write is cheaper than two.
        access(contract) var settled: Int128
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(deposit: UFix64) {
            self.quickLine = 0
            self.funds = deposit
            self.charged = 0.0
            self.settled = 0
            self.extension = nil
        }

        /// The cumulative rated total that was settled last; it only grows.
        access(all) view fun settledMicrotokens(): UInt64 {
            return UInt64(self.settled & 0xffff_ffff_ffff_ffff)
        }

        /// The epoch of the page that brought it; only pages of later epochs count.
        access(all) view fun settledEpoch(): UInt64 {
            return UInt64(self.settled >> 64)
        }

        /// Tokens that are left of the deposit.
        access(all) view fun balance(): UFix64 {
            return self.funds - self.charged
        }

        /// Charges a new total in the usual case: a later epoch, the same tier, covered by balance and limits. Returns
        /// the tokens charged, or nil if the total needs `settleCarefully`; then nothing has happened.
        ///
        /// @param settled: epoch x 2^64
        /// @param total: the same as `microtokens`
        access(account) fun settle(
            _ subscriptionId: UInt64, epoch: UInt64, settled: Int128, microtokens: UInt64, total: Int128
        ): UFix64? {
            let line = self.quickLine
            if UInt256(microtokens) >= line & 0xffff_ffff_ffff_ffff || settled <= self.settled {
                return nil
            }
            let charged = self.charged
            let cost = Int128(Int256(line >> 128) - 0x8000_0000_0000_0000_0000_0000_0000_0000)
                + total * Int128(line >> 64 & 0xffff_ffff_ffff_ffff)
            if cost < 0 {
                return nil
            }
            let bill = UFix64(cost / 100_000_000_000_000_000) + UFix64(cost / 1_000_000_000 % 100_000_000) * 0.00000001
            if bill <= charged {
                return nil
            }
            self.charged = bill
            self.settled = settled + total
            emit Settled(
                subscriptionId: subscriptionId, epoch: epoch, ratedMicrotokens: microtokens,
                charged: bill - charged, owed: 0.0, balanceAfter: self.funds - bill, rate: nil
            )
            return bill - charged
        }

        /// Adds tokens that came in.
        access(account) fun add(_ amount: UFix64) {
            self.setFunds(self.funds + amount)
        }

        /// Changes the most that `charged` can ever be, after tokens came in or went out.
        access(contract) fun setFunds(_ funds: UFix64) {
            if funds < self.funds {
                self.quickLine = 0
            }
            self.funds = funds
        }

        /// Lets the next settlement check everything, because the ledger has changed.
        access(account) fun checkNext() {
            self.quickLine = 0
        }

        access(contract) fun setSettled(_ settled: Int128, charged: UFix64) {
            self.settled = settled
            self.charged = charged
            self.quickLine = 0
        }

        /// Prepares the usual case of the next settlement.
        ///
        /// @param most: the most that `charged` may become without a check
        access(contract) fun prepareQuickCase(_ line: GraduatedPricing.Line, costOffset: Int128, most: UFix64) {
            let slope = line.slope
            let intercept = line.intercept + costOffset
            // The highest cost that is rounded down to the most, and the first total that costs more.
            let cost = GraduatedPricing.cost(of: most) + 999_999_999 - intercept
            let end = slope == 0 ? line.end : cost / slope + 1
            self.quickLine = GraduatedPricing.packed(
                end: end <= 0 ? 0 : end < line.end ? end : line.end, slope: slope, intercept: intercept
            )
        }
    }

    /// What a settlement in any but the usual case needs, and what owner and provider decide.
    access(all) struct Ledger: SubscriptionTerms.Billed {
        /// The account that holds, or last held, the owner's rights.
        access(all) var owner: Address
        /// The version of the plan in force. This and the next five are those of `SubscriptionTerms.Billed`.
        access(all) var planIndex: Int
        /// Whether that plan needs a rate.
        access(all) var isInDollars: Bool
        /// Below this a balance is reported, in tokens.
        access(all) var lowBalance: UFix64
        /// What totals cost beyond the plan, in 1e-17.
        access(all) var costOffset: Int128
        /// Where the plan came into force, while that still counts.
        access(all) var planFrom: UInt64?
        /// What was charged of a bill in dollars.
        access(all) var paidDollars: UFix64
        /// The plan that comes next, if the owner has accepted another one.
        access(all) var planChange: SubscriptionTerms.PlanChange?
        /// Used, attested and not yet charged, in the currency of the plan.
        access(all) var owed: UFix64
        /// The most that one epoch may charge, in tokens.
        access(all) var epochLimit: UFix64
        /// Tokens charged since the page of the settled epoch; only used while something is owed.
        access(self) var epochCharged: UFix64
        /// What the owner allows to be charged in 30 days; nil is no cap.
        access(all) var spendCap: SubscriptionTerms.SpendCap?
        /// The exit, once one is announced; a closed subscription has one too.
        access(all) var exit: SubscriptionTerms.Exit?
        /// Tokens that the provider gave back from its revenue.
        access(all) var credited: UFix64
        /// Tokens that the owner took out before the end.
        access(all) var withdrawn: UFix64
        /// Tokens that the owner got back at the end.
        access(all) var refunded: UFix64
        /// Reserved: a stored struct can never get another field.
        access(self) var extension: {String: AnyStruct}?

        view init(owner: Address, planIndex: Int, isInDollars: Bool, lowBalance: UFix64, epochLimit: UFix64) {
            self.owner = owner
            self.planIndex = planIndex
            self.isInDollars = isInDollars
            self.lowBalance = lowBalance
            self.costOffset = 0
            self.planFrom = nil
            self.paidDollars = 0.0
            self.planChange = nil
            self.owed = 0.0
            self.epochLimit = epochLimit
            self.epochCharged = 0.0
            self.spendCap = nil
            self.exit = nil
            self.credited = 0.0
            self.withdrawn = 0.0
            self.refunded = 0.0
            self.extension = nil
        }

        /// All tokens that ever came in by the deposit and top-ups.
        access(all) view fun deposited(_ subscription: &Subscription): UFix64 {
            return subscription.funds + self.withdrawn + self.refunded - self.credited
        }

        /// `active`, `suspended` (something is owed), `exiting` or `closed`.
        access(all) view fun status(): String {
            if let exit = self.exit {
                return exit.isClosed ? "closed" : "exiting"
            }
            return self.owed > 0.0 ? "suspended" : "active"
        }

        /// Tokens that may be charged in this period: the balance, within the spend cap.
        ///
        /// @param rate: dollars for one token; only needed for a plan in dollars
        access(all) view fun spendable(_ subscription: &Subscription, rate: UFix64?): UFix64 {
            let balance = subscription.balance()
            if let cap = self.spendCap {
                let owed = self.tokens(self.owed, rate: rate)
                let current = cap.next(charged: subscription.charged, owed: owed) ?? cap
                let left = current.left(charged: subscription.charged)
                return left < balance ? left : balance
            }
            return balance
        }

        /// Whether nothing is charged any more: it is closed, or the provider has ended it.
        access(all) view fun hasEnded(): Bool {
            return self.exit?.hasEnded() ?? false
        }

        /// What a total would add to what was charged, with what is owed, in the currency of the plan.
        access(all) view fun due(_ microtokens: UInt64, tariff: &GraduatedPricing.Tariff, charged: UFix64): UFix64 {
            return self.unpaid(self.cost(Int128(microtokens), tariff: tariff), charged: charged)
        }

        /* --- SETTLEMENT; `rate` is dollars for one token, and nil for a plan that is priced in the token --- */

        /// Charges a total in every case: another tier, a late or repeated page, a balance or limit that does not
        /// suffice, a plan in dollars, a plan change. The subscription has not ended. Returns the tokens charged.
        ///
        /// @param settled: epoch x 2^64
        /// @param tariff: of the plan in force
        access(account) fun settleCarefully(
            _ subscriptionId: UInt64, _ subscription: &Subscription, epoch: UInt64, settled: Int128,
            microtokens: UInt64, total: Int128, tariff: &GraduatedPricing.Tariff, rate: UFix64?
        ): UFix64 {
            let before = subscription.settled
            let settledTotal = before & 0xffff_ffff_ffff_ffff
            if total < settledTotal || settled <= before {
                return self.chargeOwed(subscriptionId, subscription, rate: rate)
            }
            let owed = self.owed
            if total == settledTotal && (owed > 0.0 || self.planChange == nil) {
                return self.chargeOwedAnew(subscriptionId, subscription, settled: settled + total, rate: rate)
            }
            let isFirstOnPlan = self.includeStart(tariff: tariff)
            let cost = self.cost(total, tariff: tariff)
            let charged = subscription.charged
            let balance = subscription.funds - charged
            let charge = self.charge(
                subscriptionId, epoch: epoch, microtokens: microtokens, due: self.unpaid(cost, charged: charged),
                owed: owed,
                allowed: self.allowed(charged: charged, balance: balance, epochCharged: 0.0, owed: owed, rate: rate),
                balance: balance, epochCharged: 0.0, rate: rate
            )
            subscription.setSettled(settled + total, charged: charged + charge)
            if !isFirstOnPlan && self.owed == 0.0 {
                self.continueFrom(
                    subscriptionId, subscription, epoch: epoch, microtokens: microtokens, cost: cost,
                    tariff: tariff
                )
            }
            return charge
        }

        /// Charges what is owed as far as balance and limits allow. Returns the tokens charged.
        access(account) fun chargeOwed(_ subscriptionId: UInt64, _ subscription: &Subscription, rate: UFix64?): UFix64 {
            if self.owed == 0.0 {
                return 0.0
            }
            let allowed = self.allowed(
                charged: subscription.charged, balance: subscription.balance(), epochCharged: self.epochCharged,
                owed: self.owed, rate: rate
            )
            return self.chargeDebt(subscriptionId, subscription, allowed: allowed, rate: rate)
        }

        /// The same in a new epoch, whose limit is not used yet.
        access(self) fun chargeOwedAnew(
            _ subscriptionId: UInt64, _ subscription: &Subscription, settled: Int128, rate: UFix64?
        ): UFix64 {
            if self.owed > 0.0 {
                self.epochCharged = 0.0
                subscription.setSettled(settled, charged: subscription.charged)
            }
            return self.chargeOwed(subscriptionId, subscription, rate: rate)
        }

        /// Charges up to `allowed` tokens of what is owed, whatever the limits. Returns the tokens charged.
        access(account) fun chargeDebt(
            _ subscriptionId: UInt64, _ subscription: &Subscription, allowed: UFix64, rate: UFix64?
        ): UFix64 {
            if allowed == 0.0 || self.owed == 0.0 {
                return 0.0
            }
            let charge = self.charge(
                subscriptionId, epoch: subscription.settledEpoch(),
                microtokens: subscription.settledMicrotokens(), due: self.owed, owed: self.owed,
                allowed: allowed, balance: subscription.balance(), epochCharged: self.epochCharged, rate: rate
            )
            subscription.setSettled(subscription.settled, charged: subscription.charged + charge)
            return charge
        }

        /// Tokens that may be charged now. Moves the spend cap on to the current period.
        access(self) fun allowed(
            charged: UFix64, balance: UFix64, epochCharged: UFix64, owed: UFix64, rate: UFix64?
        ): UFix64 {
            let left = self.epochLimit.saturatingSubtract(epochCharged)
            let allowed = left < balance ? left : balance
            let cap = self.spendCap
            if cap == nil {
                return allowed
            }
            let carried = self.tokens(owed, rate: rate)
            var capLeft = carried
            if let next = cap!.next(charged: charged, owed: carried) {
                self.spendCap = next
                capLeft = next.limit > carried ? next.limit : carried
            } else {
                capLeft = cap!.left(charged: charged)
            }
            return capLeft < allowed ? capLeft : allowed
        }

        /// Charges up to `allowed` tokens of what is due, in the currency of the plan; the rest is owed.
        access(self) fun charge(
            _ subscriptionId: UInt64, epoch: UInt64, microtokens: UInt64, due: UFix64, owed before: UFix64,
            allowed: UFix64, balance: UFix64, epochCharged: UFix64, rate: UFix64?
        ): UFix64 {
            let price = rate == nil ? due : self.tokens(due, rate: rate)
            let charge = price < allowed ? price : allowed
            let owed = rate == nil
                ? price - charge
                : self.payDollars(due, price: price, charge: charge, rate: rate!)
            let after = balance - charge
            emit Settled(
                subscriptionId: subscriptionId, epoch: epoch, ratedMicrotokens: microtokens, charged: charge,
                owed: owed, balanceAfter: after, rate: rate
            )
            let lowBalance = self.lowBalance
            if after < lowBalance && balance >= lowBalance {
                emit LowBalance(subscriptionId: subscriptionId, balanceAfter: after)
            }
            if owed > 0.0 {
                self.epochCharged = epochCharged + charge
            }
            self.owe(subscriptionId, owed, before: before)
            return charge
        }

        access(self) fun owe(_ subscriptionId: UInt64, _ owed: UFix64, before: UFix64) {
            if owed == before {
                return
            }
            self.owed = owed
            if before == 0.0 {
                emit Suspended(subscriptionId: subscriptionId, owed: owed)
            } else if owed == 0.0 {
                emit Resumed(subscriptionId: subscriptionId)
            }
        }

        /// Prepares what follows a settled total with nothing owed: the next plan, or the usual case of the next
        /// settlement.
        ///
        /// @param cost: of the settled total, in 1e-17
        access(self) fun continueFrom(
            _ subscriptionId: UInt64, _ subscription: &Subscription, epoch: UInt64, microtokens: UInt64,
            cost: Int128, tariff: &GraduatedPricing.Tariff
        ) {
            let charged = subscription.charged
            if let next = self.planChange {
                if epoch >= next.fromEpoch {
                    self.beginPlan(&next as &SubscriptionTerms.PlanChange, microtokens: microtokens, cost: cost, charged: charged)
                    self.planChange = nil
                    emit PlanChanged(
                        subscriptionId: subscriptionId, planId: next.planId, planVersion: next.planVersion,
                        fromMicrotokens: microtokens
                    )
                }
                return
            }
            if self.isInDollars || self.spendCap != nil || self.exit != nil {
                return
            }
            let funds = subscription.funds
            let reserve = funds - charged < self.lowBalance ? 0.0 : self.lowBalance
            let byEpoch = charged.saturatingAdd(self.epochLimit)
            subscription.prepareQuickCase(
                tariff.line(Int128(microtokens)), costOffset: self.costOffset,
                most: funds - reserve < byEpoch ? funds - reserve : byEpoch
            )
        }

        /* --- WHAT OWNER AND PROVIDER CHANGE --- */

        /// Adds tokens that the provider gave back.
        access(account) fun credit(_ subscription: &Subscription, _ amount: UFix64) {
            self.credited = self.credited + amount
            subscription.setFunds(subscription.funds + amount)
        }

        /// Removes tokens that the owner takes out.
        access(account) fun withdraw(_ subscription: &Subscription, _ amount: UFix64) {
            self.withdrawn = self.withdrawn + amount
            subscription.setFunds(subscription.funds - amount)
        }

        /// Ends the subscription; returns the tokens that are left.
        access(account) fun close(_ subscription: &Subscription): UFix64 {
            let refunded = subscription.balance()
            self.refunded = refunded
            subscription.setFunds(subscription.charged)
            subscription.checkNext()
            self.spendCap = nil
            self.planChange = nil
            self.exit = self.exit!.closed()
            return refunded
        }

        /// Gives up a part of what is owed: the bill of every total is lower by that.
        access(account) fun forgive(_ subscriptionId: UInt64, _ amount: UFix64) {
            self.lowerBill(by: amount)
            emit Forgiven(subscriptionId: subscriptionId, amount: amount, owedAfter: self.owed - amount)
            self.owe(subscriptionId, self.owed - amount, before: self.owed)
        }

        /// Sets the spend cap. A period that has begun goes on; nil takes the cap away.
        access(account) fun setSpendCap(_ limit: UFix64?, charged: UFix64, rate: UFix64?) {
            if limit == nil {
                self.spendCap = nil
                return
            }
            let owed = self.tokens(self.owed, rate: rate)
            self.spendCap = self.spendCap?.with(limit: limit!, charged: charged, owed: owed)
                ?? SubscriptionTerms.SpendCap(
                    limit: limit!, periodEnd: getCurrentBlock().timestamp + SubscriptionTerms.spendPeriodSeconds(),
                    chargedBefore: charged, carried: owed
                )
        }

        /// Sets the most that one epoch may charge.
        access(account) fun setEpochLimit(_ limit: UFix64) {
            self.epochLimit = limit
        }

        /// Sets the plan that comes next; nil keeps the plan in force.
        access(account) fun setPlanChange(_ change: SubscriptionTerms.PlanChange?) {
            self.planChange = change
        }

        /// Announces an exit; nil cancels it.
        access(account) fun setExit(_ exit: SubscriptionTerms.Exit?) {
            self.exit = exit
        }

        /// Records another account as the owner.
        access(account) fun setOwner(_ owner: Address) {
            self.owner = owner
        }
    }

    /// Reports that a page names a subscription that does not exist or has ended.
    access(account) fun skip(_ subscriptionId: UInt64, epoch: UInt64, microtokens: UInt64) {
        emit SettlementSkipped(subscriptionId: subscriptionId, epoch: epoch, ratedMicrotokens: microtokens)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }
}
