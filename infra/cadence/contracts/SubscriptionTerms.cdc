import "GraduatedPricing"

/// What a subscription is billed by, and what its owner has decided: the plan in force and the next one, the spend cap,
/// the exit.
///
/// PRICE
/// The bill of a subscription is the price of its cumulative attested total, rounded down once. A settlement charges the
/// bill less what was charged before. Skipped epochs, repeated pages and late pages therefore cannot change a bill.
///
/// CURRENCY
/// A plan is priced in the token of the vault or in dollars. A bill in dollars becomes tokens at the rate of the moment
/// when it is charged, never before. A rate is dollars for one token; it is nil for a plan that is priced in the token.
access(all) contract SubscriptionTerms {

    /// Length of the period of a spend cap: 30 days. `SpendCap` has it as a number, which is cheaper to read.
    access(all) view fun spendPeriodSeconds(): UFix64 { return 2_592_000.0 }

    /// What is billed by a plan: the ledger of a subscription.
    access(all) struct interface Billed {
        /// The version of the plan in force, by its position in `SubscriptionPlans`.
        access(all) var planIndex: Int
        /// Whether the plan is priced in dollars, and so needs a rate.
        access(all) var isInDollars: Bool
        /// A balance below this is reported, in tokens.
        access(all) var lowBalance: UFix64
        /// How much a total costs more (or less, if negative) than by the plan alone, in 1e-17: earlier plans, forgiven
        /// debts.
        access(all) var costOffset: Int128
        /// The total at which the plan came into force, until its cost is in `costOffset`.
        access(all) var planFrom: UInt64?
        /// The part of a bill in dollars that was charged. Not used while the plan is priced in the token.
        access(all) var paidDollars: UFix64

        /// What a total costs by the plan in force and the earlier ones, in 1e-17 of the currency.
        ///
        /// @param tariff: of the plan in force
        access(all) view fun cost(_ total: Int128, tariff: &GraduatedPricing.Tariff): Int128 {
            let cost = tariff.cost(total) + self.costOffset
            if let planFrom = self.planFrom {
                return cost - tariff.cost(Int128(planFrom))
            }
            return cost
        }

        /// What a cost leaves to be charged beyond what was charged before, in the currency of the plan.
        ///
        /// @param charged: all tokens that were ever charged
        access(all) view fun unpaid(_ cost: Int128, charged: UFix64): UFix64 {
            return GraduatedPricing.rounded(cost).saturatingSubtract(self.isInDollars ? self.paidDollars : charged)
        }

        /// What an amount in the currency of a plan is in tokens, rounded down.
        access(all) view fun tokens(_ amount: UFix64, rate: UFix64?): UFix64 {
            if let dollarsForToken = rate {
                return amount <= UFix64.max.saturatingMultiply(dollarsForToken) ? amount / dollarsForToken : UFix64.max
            }
            return amount
        }

        /// Moves the cost of the total at which the plan came into force to `costOffset`. Returns whether it was still to
        /// be moved, which is so in the first settlement on a plan.
        access(account) fun includeStart(tariff: &GraduatedPricing.Tariff): Bool {
            if let planFrom = self.planFrom {
                self.costOffset = self.costOffset - tariff.cost(Int128(planFrom))
                self.planFrom = nil
                return true
            }
            return false
        }

        /// Puts the next plan in force: the settled total keeps its bill, and later usage is billed by the new plan. In
        /// another currency the bill continues from what was charged in that currency; nothing is owed now.
        ///
        /// @param cost: of the settled total, in 1e-17
        /// @param charged: all tokens that were ever charged
        access(account) fun beginPlan(
            _ next: &PlanChange, microtokens: UInt64, cost: Int128, charged: UFix64
        ) {
            self.costOffset = cost
            if next.isInDollars != self.isInDollars {
                self.costOffset = GraduatedPricing.cost(of: next.isInDollars ? self.paidDollars : charged)
                self.isInDollars = next.isInDollars
            }
            self.planFrom = microtokens
            self.planIndex = next.planIndex
            self.lowBalance = next.lowBalance
        }

        /// Lowers the bill of every total by an amount in the currency of the plan.
        access(account) fun lowerBill(by amount: UFix64) {
            self.costOffset = self.costOffset - GraduatedPricing.cost(of: amount)
        }

        /// Counts what a charge pays of a bill in dollars; returns the dollars that are still owed. What rounding takes
        /// from the worth of the tokens is the owner's.
        ///
        /// @param price: what is due, in tokens
        access(account) fun payDollars(_ due: UFix64, price: UFix64, charge: UFix64, rate: UFix64): UFix64 {
            let worth = charge.saturatingMultiply(rate).saturatingAdd(0.00000001)
            var owed = charge == 0.0 ? due : due.saturatingSubtract(worth)
            if charge == price {
                owed = 0.0
            }
            self.paidDollars = self.paidDollars + (due - owed)
            return owed
        }
    }

    /// What a token is worth in dollars, as it was read last.
    access(all) struct Rate {
        /// Dollars for one token.
        access(all) let dollars: UFix64
        /// When it was read.
        access(all) let readAt: UFix64
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(dollars: UFix64, readAt: UFix64) {
            self.dollars = dollars
            self.readAt = readAt
            self.extension = nil
        }
    }

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
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

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
            self.extension = nil
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
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(limit: UFix64, periodEnd: UFix64, chargedBefore: UFix64, carried: UFix64) {
            self.limit = limit
            self.periodEnd = periodEnd
            self.chargedBefore = chargedBefore
            self.carried = carried
            self.extension = nil
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

        /// The cap with another limit, in the current period: a period that has begun goes on.
        access(all) view fun with(limit: UFix64, charged: UFix64, owed: UFix64): SpendCap {
            let current = self.next(charged: charged, owed: owed) ?? self
            return SpendCap(
                limit: limit,
                periodEnd: current.periodEnd,
                chargedBefore: current.chargedBefore,
                carried: current.carried
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
        /// Whether statements that were confirmed before `at` need not be waited for.
        access(all) let isWaived: Bool
        /// Whether the exit is done and the subscription closed.
        access(all) let isClosed: Bool
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(at: UFix64, isByProvider: Bool, isWaived: Bool, isClosed: Bool) {
            self.at = at
            self.isByProvider = isByProvider
            self.isWaived = isWaived
            self.isClosed = isClosed
            self.extension = nil
        }

        /// Whether nothing is charged any more.
        access(all) view fun hasEnded(): Bool {
            return self.isClosed || self.isByProvider && getCurrentBlock().timestamp >= self.at
        }

        /// When the money can be taken out: after the notice, and once the statements that were confirmed before its end can
        /// have been settled.
        ///
        /// @param lastStatementAt: when the newest statement was confirmed
        /// @param graceSeconds: in which a confirmed statement can still be settled
        access(all) view fun possibleAt(lastStatementAt confirmed: UFix64, graceSeconds: UFix64): UFix64 {
            let at = self.at
            if self.isWaived || self.isByProvider {
                return at
            }
            let settledBy = (confirmed < at ? confirmed : at) + graceSeconds
            return settledBy < at ? at : settledBy
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
}
