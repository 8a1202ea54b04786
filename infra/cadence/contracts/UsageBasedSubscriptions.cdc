import "FlareFDCTriggers"
import "FlareOracleVerifier"
import "FlowToken"
import "FungibleToken"

/// Deposits that are charged by attested usage, and by nothing else.
///
/// A subscription has a deposit of FLOW, which this contract holds. Its usage comes as a total that only grows, from
/// pages of a settlement root that Flare attested. The price is a pure function of that total, so a page that comes
/// late, twice or after others changes nothing: what is charged is the price of the highest total, less what was
/// charged before. What a deposit cannot cover stays owed and is charged first after a top-up.
///
/// Always true, for each subscription and to the last unit:
///
///     deposited = balance + charged + withdrawn + refunded
///
/// and for the contract: its vault holds all balances and the revenue that was not withdrawn yet. Rounding is down, in
/// the owner's favour. An emergency stop can stop opening and settling, never withdrawing.
access(all) contract UsageBasedSubscriptions {

    access(all) event PlanAdded(planId: UInt64, planVersion: UInt64, name: String)
    access(all) event SubscriptionOpened(
        subscriptionId: UInt64, owner: Address, planId: UInt64, planVersion: UInt64, deposit: UFix64, balanceAfter: UFix64
    )
    access(all) event ToppedUp(subscriptionId: UInt64, from: Address?, amount: UFix64, balanceAfter: UFix64)
    access(all) event SettlementRootRecorded(epoch: UInt64, votingRound: UInt64, root: String)
    access(all) event Settled(
        subscriptionId: UInt64, epoch: UInt64, ratedMicrotokens: UInt64, charged: UFix64, owed: UFix64, balanceAfter: UFix64
    )
    /// A page named a subscription that is not open; the rest of the page was settled.
    access(all) event SettlementSkipped(subscriptionId: UInt64, epoch: UInt64)
    access(all) event LowBalance(subscriptionId: UInt64, balanceAfter: UFix64)
    /// The deposit is used up; `owed` is what the usage costs beyond it.
    access(all) event Suspended(subscriptionId: UInt64, owed: UFix64)
    access(all) event ExitRequested(subscriptionId: UInt64, owner: Address, withdrawableFrom: UFix64)
    access(all) event Withdrawn(subscriptionId: UInt64, to: Address, amount: UFix64, balanceAfter: UFix64)
    access(all) event Closed(subscriptionId: UInt64, refunded: UFix64)
    access(all) event OwnerChanged(subscriptionId: UInt64, owner: Address)
    access(all) event RevenueWithdrawn(amount: UFix64, to: Address, unclaimedAfter: UFix64)
    access(all) event Stopped(isStopped: Bool)

    /// What the owner of a subscription may do with it.
    access(all) entitlement Manage

    /// A price for the usage from `fromMicrotokens` on.
    access(all) struct Tier {
        /// Cumulative rated micro-tokens at which the tier begins.
        access(all) let fromMicrotokens: UInt64
        /// FLOW for 1,000 rated tokens.
        access(all) let pricePer1000: UFix64

        init(fromMicrotokens: UInt64, pricePer1000: UFix64) {
            self.fromMicrotokens = fromMicrotokens
            self.pricePer1000 = pricePer1000
        }
    }

    /// A version of a plan. `starts`, `prices` and `costs` say the same as `tiers`, ready for calculating.
    access(all) struct Plan {
        access(all) let planId: UInt64
        access(all) let planVersion: UInt64
        access(all) let name: String
        access(all) let tiers: [Tier]
        /// Where each tier begins, in micro-tokens.
        access(contract) let starts: [UInt256]
        /// Each tier's price in 1e-8 FLOW for 1,000 tokens.
        access(contract) let prices: [UInt256]
        /// What all usage below each tier costs, in 1e-8 FLOW times 1e9.
        access(contract) let costs: [UInt256]

        /// The price of a total in 1e-8 FLOW: each part at its tier's price, rounded down once.
        access(all) view fun price(ratedMicrotokens: UInt64): UInt256 {
            let total = UInt256(ratedMicrotokens)
            var tier = self.starts.length - 1
            while self.starts[tier] > total {
                tier = tier - 1
            }
            return (self.costs[tier] + (total - self.starts[tier]) * self.prices[tier])
                / UsageBasedSubscriptions.microtokensPer1000Tokens
        }

        init(planId: UInt64, planVersion: UInt64, name: String, tiers: [Tier]) {
            pre {
                tiers.length > 0 && tiers.length <= 16: "UsageBasedSubscriptions.Plan: 1 to 16 tiers, not \(tiers.length)"
                tiers[0].fromMicrotokens == 0: "UsageBasedSubscriptions.Plan: the first tier begins at 0"
            }
            self.planId = planId
            self.planVersion = planVersion
            self.name = name
            self.tiers = tiers
            let starts: [UInt256] = []
            let prices: [UInt256] = []
            let costs: [UInt256] = []
            for tier in tiers {
                let start = UInt256(tier.fromMicrotokens)
                if starts.length == 0 {
                    costs.append(0)
                } else {
                    let last = starts.length - 1
                    assert(start > starts[last], message: "UsageBasedSubscriptions.Plan: tiers begin one after the other")
                    costs.append(costs[last] + (start - starts[last]) * prices[last])
                }
                starts.append(start)
                prices.append(UsageBasedSubscriptions.units(tier.pricePer1000))
            }
            self.starts = starts
            self.prices = prices
            self.costs = costs
        }
    }

    /// How a subscription stands.
    access(all) enum Status: UInt8 {
        access(all) case Active
        access(all) case Suspended
        access(all) case Exiting
        access(all) case Closed
    }

    /// The state of a subscription. Only this contract changes it.
    access(all) struct Subscription {
        access(all) let subscriptionId: UInt64
        access(all) var owner: Address
        access(all) let planId: UInt64
        access(all) let planVersion: UInt64
        access(all) var balance: UFix64
        access(all) var deposited: UFix64
        access(all) var charged: UFix64
        access(all) var withdrawn: UFix64
        access(all) var refunded: UFix64
        /// What attested usage costs beyond what the deposit could pay.
        access(all) var owed: UFix64
        /// The highest attested total, rated micro-tokens.
        access(all) var settledMicrotokens: UInt64
        access(all) var settledEpoch: UInt64
        /// When the rest can be withdrawn; nil while no exit is requested.
        access(all) var withdrawableFrom: UFix64?
        access(all) var isClosed: Bool

        access(all) view fun status(): Status {
            if self.isClosed {
                return Status.Closed
            }
            if self.withdrawableFrom != nil {
                return Status.Exiting
            }
            return self.owed > 0.0 ? Status.Suspended : Status.Active
        }

        access(contract) fun add(_ amount: UFix64) {
            self.balance = self.balance + amount
            self.deposited = self.deposited + amount
        }

        /// Takes over a higher total and pays what it costs, as far as the balance goes; returns what was paid.
        access(contract) fun settle(ratedMicrotokens: UInt64, epoch: UInt64, price: UFix64): UFix64 {
            self.settledMicrotokens = ratedMicrotokens
            self.settledEpoch = epoch
            self.owed = price - self.charged
            return self.payOwed()
        }

        /// Pays what is owed, as far as the balance goes; returns what was paid.
        access(contract) fun payOwed(): UFix64 {
            let paid = self.owed < self.balance ? self.owed : self.balance
            self.owed = self.owed - paid
            self.balance = self.balance - paid
            self.charged = self.charged + paid
            return paid
        }

        access(contract) fun requestExit(withdrawableFrom: UFix64) {
            self.withdrawableFrom = withdrawableFrom
        }

        access(contract) fun withdraw(_ amount: UFix64) {
            self.balance = self.balance - amount
            self.withdrawn = self.withdrawn + amount
        }

        access(contract) fun close(): UFix64 {
            let rest = self.balance
            self.balance = 0.0
            self.refunded = self.refunded + rest
            self.isClosed = true
            return rest
        }

        access(contract) fun changeOwner(_ owner: Address) {
            self.owner = owner
        }

        init(subscriptionId: UInt64, owner: Address, planId: UInt64, planVersion: UInt64) {
            self.subscriptionId = subscriptionId
            self.owner = owner
            self.planId = planId
            self.planVersion = planVersion
            self.balance = 0.0
            self.deposited = 0.0
            self.charged = 0.0
            self.withdrawn = 0.0
            self.refunded = 0.0
            self.owed = 0.0
            self.settledMicrotokens = 0
            self.settledEpoch = 0
            self.withdrawableFrom = nil
            self.isClosed = false
        }
    }

    /// The owner's rights over one subscription; it can be moved into another account's portfolio. It holds no money.
    access(all) resource Ownership {
        access(all) let subscriptionId: UInt64

        init(subscriptionId: UInt64) {
            self.subscriptionId = subscriptionId
        }
    }

    /// What an account owns. Rights work only from the portfolio of the account that the contract knows as the owner.
    access(all) resource Portfolio {
        access(self) let ownerships: @{UInt64: Ownership}

        /// Takes over a subscription: from now on this account is its owner.
        access(all) fun deposit(_ ownership: @Ownership) {
            let account = self.owner ?? panic("UsageBasedSubscriptions.Portfolio: a portfolio in storage is wanted")
            let subscriptionId = ownership.subscriptionId
            let subscription = UsageBasedSubscriptions.borrowSubscription(subscriptionId)!
            if subscription.owner != account.address {
                subscription.changeOwner(account.address)
                emit OwnerChanged(subscriptionId: subscriptionId, owner: account.address)
            }
            let old <- self.ownerships[subscriptionId] <- ownership
            destroy old
        }

        /// Gives a subscription out of hand, to be deposited elsewhere.
        access(Manage) fun take(subscriptionId: UInt64): @Ownership {
            return <-(self.ownerships.remove(key: subscriptionId)
                ?? panic("UsageBasedSubscriptions.Portfolio: subscription \(subscriptionId) is not in this portfolio"))
        }

        access(all) view fun getIds(): [UInt64] {
            return self.ownerships.keys
        }

        /// Begins the exit: after the notice the owner can withdraw what no attested statement has charged by then.
        access(Manage) fun requestExit(subscriptionId: UInt64) {
            let subscription = self.borrowOwned(subscriptionId)
            assert(
                subscription.withdrawableFrom == nil,
                message: "UsageBasedSubscriptions.requestExit: the exit of \(subscriptionId) was requested already"
            )
            let withdrawableFrom = getCurrentBlock().timestamp + UsageBasedSubscriptions.noticeSeconds
            subscription.requestExit(withdrawableFrom: withdrawableFrom)
            emit ExitRequested(
                subscriptionId: subscriptionId,
                owner: subscription.owner,
                withdrawableFrom: withdrawableFrom
            )
        }

        /// Takes out what is left, once the notice is over.
        access(Manage) fun withdraw(subscriptionId: UInt64, amount: UFix64): @FlowToken.Vault {
            let subscription = self.borrowOwned(subscriptionId)
            UsageBasedSubscriptions.requireNoticeOver(subscription)
            assert(
                amount <= subscription.balance,
                message: "UsageBasedSubscriptions.withdraw: \(amount) is more than the balance \(subscription.balance)"
            )
            subscription.withdraw(amount)
            emit Withdrawn(
                subscriptionId: subscriptionId,
                to: subscription.owner,
                amount: amount,
                balanceAfter: subscription.balance
            )
            return <-UsageBasedSubscriptions.takeOut(amount)
        }

        /// Ends the subscription, once the notice is over, and gives back what is left.
        access(Manage) fun close(subscriptionId: UInt64): @FlowToken.Vault {
            let subscription = self.borrowOwned(subscriptionId)
            UsageBasedSubscriptions.requireNoticeOver(subscription)
            let refunded = subscription.close()
            emit Closed(subscriptionId: subscriptionId, refunded: refunded)
            return <-UsageBasedSubscriptions.takeOut(refunded)
        }

        access(self) view fun borrowOwned(_ subscriptionId: UInt64): &Subscription {
            pre {
                self.ownerships.containsKey(subscriptionId):
                    "UsageBasedSubscriptions.Portfolio: subscription \(subscriptionId) is not in this portfolio"
            }
            let subscription = UsageBasedSubscriptions.borrowSubscription(subscriptionId)!
            assert(
                self.owner?.address == subscription.owner,
                message: "UsageBasedSubscriptions.Portfolio: deposit subscription \(subscriptionId) in the account that holds it"
            )
            assert(!subscription.isClosed, message: "UsageBasedSubscriptions.Portfolio: subscription \(subscriptionId) is closed")
            return subscription
        }

        init() {
            self.ownerships <- {}
        }
    }

    /// Takes the settlement roots that Flare attested.
    access(all) resource StatementHandler: FlareFDCTriggers.Handler {

        access(FlareFDCTriggers.Deliver) fun handle(_ response: FlareFDCTriggers.Response) {
            UsageBasedSubscriptions.recordRoot(
                epoch: response.epoch,
                votingRound: response.votingRound,
                root: String.encodeHex(response.words[UsageBasedSubscriptions.settlementRootWord].toBigEndianBytes())
            )
        }
    }

    /// The provider's rights: plans, what was charged, and the emergency stop.
    access(all) resource Provider {

        /// Adds a plan; a subscription keeps the version that its owner accepted.
        access(all) fun addPlan(name: String, tiers: [Tier]): UInt64 {
            let planId = UInt64(UsageBasedSubscriptions.plans.length)
            let plan = Plan(planId: planId, planVersion: 1, name: name, tiers: tiers)
            UsageBasedSubscriptions.plans.append(plan)
            emit PlanAdded(planId: planId, planVersion: 1, name: name)
            return planId
        }

        /// Takes out revenue, at most what was charged and not taken out before.
        access(all) fun withdrawRevenue(amount: UFix64, to: &{FungibleToken.Receiver}) {
            pre {
                amount <= UsageBasedSubscriptions.unclaimedRevenue:
                    "UsageBasedSubscriptions.withdrawRevenue: \(amount) is more than the revenue \(UsageBasedSubscriptions.unclaimedRevenue)"
                to.owner != nil: "UsageBasedSubscriptions.withdrawRevenue: a receiver in an account is wanted"
            }
            UsageBasedSubscriptions.unclaimedRevenue = UsageBasedSubscriptions.unclaimedRevenue - amount
            emit RevenueWithdrawn(
                amount: amount,
                to: to.owner!.address,
                unclaimedAfter: UsageBasedSubscriptions.unclaimedRevenue
            )
            to.deposit(from: <-UsageBasedSubscriptions.takeOut(amount))
        }

        /// Stops opening and settling, or lets them go on; withdrawing is never stopped.
        access(all) fun setStopped(_ isStopped: Bool) {
            UsageBasedSubscriptions.isStopped = isStopped
            emit Stopped(isStopped: isStopped)
        }
    }

    access(all) let PortfolioStoragePath: StoragePath
    access(all) let PortfolioPublicPath: PublicPath
    access(all) let ProviderStoragePath: StoragePath
    access(all) let HandlerStoragePath: StoragePath

    /// How long an exit takes: longer than the longest way of an attestation.
    access(all) let noticeSeconds: UFix64
    /// A balance below this is announced.
    access(all) let lowBalance: UFix64
    access(all) let pageSubscriptionsMax: Int
    access(all) let rootsKept: Int
    access(all) var isStopped: Bool
    /// Charged and not yet withdrawn by the provider.
    access(all) var unclaimedRevenue: UFix64
    access(all) var subscriptionCount: UInt64

    access(contract) let microtokensPer1000Tokens: UInt256
    access(contract) let settlementRootWord: Int
    access(contract) let plans: [Plan]
    access(self) let subscriptions: {UInt64: Subscription}
    access(self) let settlementRoots: {UInt64: String}
    access(self) let rootOrder: [UInt64]
    access(self) let vault: @FlowToken.Vault
    /// The first line of every page of this contract, up to the epoch.
    access(self) let pagePrefix: String

    /// Opens a subscription with a deposit; the caller keeps the ownership in a portfolio.
    access(all) fun open(planId: UInt64, deposit: @FlowToken.Vault, portfolio: &Portfolio): UInt64 {
        pre {
            !self.isStopped: "UsageBasedSubscriptions.open: opening is stopped"
            planId < UInt64(self.plans.length): "UsageBasedSubscriptions.open: there is no plan \(planId)"
            deposit.balance > 0.0: "UsageBasedSubscriptions.open: a deposit is wanted"
            portfolio.owner != nil: "UsageBasedSubscriptions.open: a portfolio in storage is wanted"
        }
        self.subscriptionCount = self.subscriptionCount + 1
        let subscriptionId = self.subscriptionCount
        let planVersion = self.plans[planId].planVersion
        let owner = portfolio.owner!.address
        let amount = deposit.balance
        let subscription = Subscription(
            subscriptionId: subscriptionId,
            owner: owner,
            planId: planId,
            planVersion: planVersion
        )
        subscription.add(amount)
        self.subscriptions[subscriptionId] = subscription
        self.vault.deposit(from: <-deposit)
        portfolio.deposit(<-create Ownership(subscriptionId: subscriptionId))
        emit SubscriptionOpened(
            subscriptionId: subscriptionId,
            owner: owner,
            planId: planId,
            planVersion: planVersion,
            deposit: amount,
            balanceAfter: amount
        )
        return subscriptionId
    }

    /// Adds to a deposit; anyone may. What is owed is paid first.
    access(all) fun topUp(subscriptionId: UInt64, payment: @FlowToken.Vault, from: Address?) {
        pre {
            payment.balance > 0.0: "UsageBasedSubscriptions.topUp: an amount is wanted"
        }
        let subscription = self.borrowSubscription(subscriptionId)
            ?? panic("UsageBasedSubscriptions.topUp: there is no subscription \(subscriptionId)")
        assert(!subscription.isClosed, message: "UsageBasedSubscriptions.topUp: subscription \(subscriptionId) is closed")
        let amount = payment.balance
        subscription.add(amount)
        self.vault.deposit(from: <-payment)
        emit ToppedUp(subscriptionId: subscriptionId, from: from, amount: amount, balanceAfter: subscription.balance)
        let paid = subscription.payOwed()
        if paid > 0.0 {
            self.unclaimedRevenue = self.unclaimedRevenue + paid
            self.announceSettled(subscription, paid: paid)
        }
    }

    /// Charges every subscription of a page what its attested total costs beyond what was charged before.
    /// Anyone may; a page that was settled before, or comes after a newer one, changes nothing.
    ///
    /// @param epoch: the epoch whose settlement root the page belongs to
    /// @param page: the page's number
    /// @param ids: subscriptions by rising id
    /// @param ratedMicrotokens: their cumulative totals
    /// @param path: the sibling hashes from the page up to the root, hex
    access(all) fun settle(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
        pre {
            !self.isStopped: "UsageBasedSubscriptions.settle: settling is stopped"
            ids.length == ratedMicrotokens.length:
                "UsageBasedSubscriptions.settle: \(ids.length) ids but \(ratedMicrotokens.length) totals"
            ids.length > 0 && ids.length <= self.pageSubscriptionsMax:
                "UsageBasedSubscriptions.settle: a page has 1 to \(self.pageSubscriptionsMax) subscriptions, not \(ids.length)"
        }
        let root = self.settlementRoots[epoch]
            ?? panic("UsageBasedSubscriptions.settle: epoch \(epoch) has no attested settlement root")
        let text = self.pageText(epoch: epoch, page: page, ids: ids, ratedMicrotokens: ratedMicrotokens)
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(text.utf8))
        let folded = FlareOracleVerifier.fold(leaf, path)
        assert(
            folded == root,
            message: "UsageBasedSubscriptions.settle: the page leads to \(folded), not to the root \(root) of epoch \(epoch)"
        )
        var revenue = 0.0
        for number, subscriptionId in ids {
            revenue = revenue + self.settleOne(subscriptionId, epoch: epoch, ratedMicrotokens: ratedMicrotokens[number])
        }
        self.unclaimedRevenue = self.unclaimedRevenue + revenue
    }

    /// The canonical text of a page, whose hash is a leaf of the settlement tree.
    access(all) view fun pageText(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64]): String {
        let lines: [String] = ["\(self.pagePrefix)\(epoch) page \(page)"]
        for number, subscriptionId in ids {
            lines.append("\(subscriptionId):\(ratedMicrotokens[number])")
        }
        return String.join(lines, separator: "\n")
    }

    /// A subscription's state, a copy.
    access(all) view fun getSubscription(_ subscriptionId: UInt64): Subscription? {
        return self.subscriptions[subscriptionId]
    }

    access(all) view fun getPlan(_ planId: UInt64): Plan? {
        return planId < UInt64(self.plans.length) ? self.plans[planId] : nil
    }

    /// The attested settlement root of an epoch, 64 hex digits, as long as it is kept.
    access(all) view fun getSettlementRoot(_ epoch: UInt64): String? {
        return self.settlementRoots[epoch]
    }

    /// What this contract holds: all balances and the unclaimed revenue.
    access(all) view fun getHeld(): UFix64 {
        return self.vault.balance
    }

    /// An empty portfolio, to be kept in the caller's storage.
    access(all) fun createPortfolio(): @Portfolio {
        return <-create Portfolio()
    }

    access(contract) view fun borrowSubscription(_ subscriptionId: UInt64): &Subscription? {
        return &self.subscriptions[subscriptionId]
    }

    access(contract) view fun requireNoticeOver(_ subscription: &Subscription) {
        let withdrawableFrom = subscription.withdrawableFrom
            ?? panic("UsageBasedSubscriptions: request the exit of \(subscription.subscriptionId) first")
        assert(
            withdrawableFrom <= getCurrentBlock().timestamp,
            message: "UsageBasedSubscriptions: \(subscription.subscriptionId) can be withdrawn from \(withdrawableFrom) on"
        )
    }

    access(contract) fun takeOut(_ amount: UFix64): @FlowToken.Vault {
        return <-(self.vault.withdraw(amount: amount) as! @FlowToken.Vault)
    }

    access(contract) fun recordRoot(epoch: UInt64, votingRound: UInt64, root: String) {
        self.settlementRoots[epoch] = root
        self.rootOrder.append(epoch)
        if self.rootOrder.length > self.rootsKept {
            self.settlementRoots.remove(key: self.rootOrder.removeFirst())
        }
        emit SettlementRootRecorded(epoch: epoch, votingRound: votingRound, root: root)
    }

    /// Settles one subscription and returns what it paid; a total that is not above the settled one pays nothing.
    access(self) fun settleOne(_ subscriptionId: UInt64, epoch: UInt64, ratedMicrotokens: UInt64): UFix64 {
        let subscription = self.borrowSubscription(subscriptionId)
        if subscription == nil || subscription!.isClosed {
            emit SettlementSkipped(subscriptionId: subscriptionId, epoch: epoch)
            return 0.0
        }
        if ratedMicrotokens <= subscription!.settledMicrotokens {
            return 0.0
        }
        let plan = &self.plans[subscription!.planId] as &Plan
        let price = self.ufix64(plan.price(ratedMicrotokens: ratedMicrotokens))
        let paid = subscription!.settle(ratedMicrotokens: ratedMicrotokens, epoch: epoch, price: price)
        self.announceSettled(subscription!, paid: paid)
        return paid
    }

    access(self) fun announceSettled(_ subscription: &Subscription, paid: UFix64) {
        let balance = subscription.balance
        let owed = subscription.owed
        emit Settled(
            subscriptionId: subscription.subscriptionId,
            epoch: subscription.settledEpoch,
            ratedMicrotokens: subscription.settledMicrotokens,
            charged: paid,
            owed: owed,
            balanceAfter: balance
        )
        if owed > 0.0 {
            emit Suspended(subscriptionId: subscription.subscriptionId, owed: owed)
        } else if balance < self.lowBalance {
            emit LowBalance(subscriptionId: subscription.subscriptionId, balanceAfter: balance)
        }
    }

    /// The 1e-8 units of an amount.
    access(contract) view fun units(_ amount: UFix64): UInt256 {
        return UInt256(UInt64.fromBigEndianBytes(amount.toBigEndianBytes())!)
    }

    /// The amount of so many 1e-8 units.
    access(contract) view fun ufix64(_ units: UInt256): UFix64 {
        return UFix64.fromBigEndianBytes(UInt64(units).toBigEndianBytes())!
    }

    init() {
        self.PortfolioStoragePath = /storage/usageBasedSubscriptionsPortfolio
        self.PortfolioPublicPath = /public/usageBasedSubscriptionsPortfolio
        self.ProviderStoragePath = /storage/usageBasedSubscriptionsProvider
        self.HandlerStoragePath = /storage/usageBasedSubscriptionsStatementHandler
        self.noticeSeconds = 3_600.0
        self.lowBalance = 1.0
        self.pageSubscriptionsMax = 1_000
        self.rootsKept = 2_016
        self.isStopped = false
        self.unclaimedRevenue = 0.0
        self.subscriptionCount = 0
        self.microtokensPer1000Tokens = 1_000_000_000
        self.settlementRootWord = 4
        self.plans = []
        self.subscriptions = {}
        self.settlementRoots = {}
        self.rootOrder = []
        self.vault <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
        self.pagePrefix = "flareflow-page/1 \(Type<&UsageBasedSubscriptions>().identifier.slice(from: 1, upTo: Type<&UsageBasedSubscriptions>().identifier.length)) epoch "
        self.account.storage.save(<-create Provider(), to: self.ProviderStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
