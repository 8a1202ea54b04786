import "FungibleToken"
import "FungibleTokenMetadataViews"
import "ProviderRevenue"
import "SubscriptionAccounts"
import "SubscriptionTerms"

/// Holds the deposits of all subscriptions, and lets their owners take them out.
///
/// MONEY
/// All tokens lie in one vault. It holds the sum of all balances and the unclaimed revenue, and nothing else. The
/// provider can take only what was charged, after a delay in which it can be given back.
///
/// EXIT
/// An owner requests the exit, waits for the notice and takes the balance. Nobody else is needed for that: this contract
/// imports nothing of Flare, of the EVM or of a price oracle, so it works when those do not.
///
/// ACCESS
/// What is `access(account)` is for the contracts of the same account: they open subscriptions and charge them.
access(all) contract SubscriptionCustody {

    /* --- EVENTS --- */

    /// A subscription began.
    access(all) event SubscriptionOpened(
        subscriptionId: UInt64, owner: Address, planId: UInt64, planVersion: UInt64, deposit: UFix64,
        balanceAfter: UFix64, epochLimit: UFix64
    )
    /// The deposit grew. `from` is the account of the holder that it came through; nil if it came from anybody else.
    access(all) event ToppedUp(subscriptionId: UInt64, from: Address?, amount: UFix64, balanceAfter: UFix64)
    /// The provider gave revenue back to a subscription.
    access(all) event Credited(subscriptionId: UInt64, amount: UFix64, balanceAfter: UFix64)
    /// The spend cap was set: the most that may be charged in 30 days, in tokens; nil is no cap.
    access(all) event SpendCapSet(subscriptionId: UInt64, limit: UFix64?)
    /// The most that one epoch may charge was set, in tokens.
    access(all) event EpochLimitSet(subscriptionId: UInt64, limit: UFix64)
    /// An exit was announced, by the owner or by the provider. The notice ends at `exitAt`.
    access(all) event ExitRequested(subscriptionId: UInt64, exitAt: UFix64, isByProvider: Bool)
    /// The owner stays after all.
    access(all) event ExitCancelled(subscriptionId: UInt64)
    /// A part of the balance was paid out; `to` is the account of the receiver, nil if it is in no account's storage.
    access(all) event Withdrawn(subscriptionId: UInt64, to: Address?, amount: UFix64, balanceAfter: UFix64)
    /// The subscription ended and its balance was paid out; `owed` is what remained unpaid, in the plan's currency.
    access(all) event Closed(subscriptionId: UInt64, to: Address?, refunded: UFix64, owed: UFix64)
    /// The rights of an owner are held by another account now.
    access(all) event OwnerChanged(subscriptionId: UInt64, from: Address, to: Address)
    /// The provider took out revenue.
    access(all) event RevenueWithdrawn(amount: UFix64, to: Address?, unclaimedAfter: UFix64)

    /* --- CONFIGURATION, set at deployment for good --- */

    /// Where an account keeps a vault of the token in which deposits are held, as the token's contract tells.
    access(all) let tokenStoragePath: StoragePath
    /// Where an account receives that token.
    access(all) let receiverPath: PublicPath
    /// Whether a token is worth a dollar by definition, so that a plan in dollars needs no rate.
    access(all) let isTokenDollar: Bool
    /// Seconds between the request of an exit and the end of its notice; longer than an attestation takes.
    access(all) let exitNoticeSeconds: UFix64
    /// Seconds in which a confirmed statement can still be settled before an owner leaves.
    access(all) let settlementGraceSeconds: UFix64
    /// The limit of what one epoch may charge with which a subscription opens, in tokens.
    access(all) let epochLimitDefault: UFix64
    /// The oldest dollar rate, in seconds, at which a top-up pays a debt in dollars.
    access(all) view fun rateSecondsMax(): UFix64 { return 3_600.0 }

    /* --- STATE --- */

    /// The sum of all balances.
    access(all) var totalBalance: UFix64
    /// When the newest statement was confirmed.
    access(all) var lastStatementAt: UFix64
    /// What a token is worth in dollars; nil before it was read for the first time.
    access(all) var rate: SubscriptionTerms.Rate?
    access(self) let vault: @{FungibleToken.Vault}
    /// All subscriptions by id, so that those of one page lie side by side in storage. Id 0 is closed and belongs to
    /// nobody. Whoever settles them hands what was charged to `earn`.
    access(account) let subscriptions: [SubscriptionAccounts.Subscription]
    /// Their ledgers.
    access(account) let ledgers: [SubscriptionAccounts.Ledger]
    /// What was charged and is neither taken out nor given back.
    access(all) let revenue: ProviderRevenue.Revenue

    /* --- PUBLIC FUNCTIONS --- */

    /// Adds to anybody's deposit. What is owed is charged at once.
    access(all) fun topUp(subscriptionId: UInt64, payment: @{FungibleToken.Vault}) {
        self.deposit(subscriptionId: subscriptionId, payment: <-payment, from: nil)
    }

    /// Pays the balance of a subscription that the provider has ended to its owner's account, after the notice. Anyone
    /// may call this.
    access(all) fun payEnded(_ subscriptionId: UInt64) {
        let ledger = self.borrowOpen(subscriptionId)
        assert(
            ledger.hasEnded(),
            message: "SubscriptionCustody.payEnded: the provider has not ended subscription \(subscriptionId)"
        )
        let owner = ledger.owner
        let receiver = getAccount(owner).capabilities.borrow<&{FungibleToken.Receiver}>(self.receiverPath)
            ?? panic("SubscriptionCustody.payEnded: \(owner) publishes no receiver at \(self.receiverPath)")
        self.close(subscriptionId, receiver: receiver)
    }

    /* --- VIEWS --- */

    /// How many subscriptions were ever opened; the newest has this id.
    access(all) view fun subscriptionsOpened(): UInt64 {
        return UInt64(self.subscriptions.length - 1)
    }

    /// A subscription by its id, closed ones too.
    access(all) view fun subscription(_ subscriptionId: UInt64): SubscriptionAccounts.Subscription? {
        return self.isKnown(subscriptionId) ? self.subscriptions[subscriptionId] : nil
    }

    /// The ledger of a subscription, closed ones too.
    access(all) view fun ledger(_ subscriptionId: UInt64): SubscriptionAccounts.Ledger? {
        return self.isKnown(subscriptionId) ? self.ledgers[subscriptionId] : nil
    }

    /// When the owner of a subscription can take its money out; nil while no exit is requested.
    access(all) view fun exitPossibleAt(_ subscriptionId: UInt64): UFix64? {
        return self.borrowLedger(subscriptionId).exit?.possibleAt(
            lastStatementAt: self.lastStatementAt, graceSeconds: self.settlementGraceSeconds
        )
    }

    /// The shortest notice that leaves time for an exit: twice as long as one takes.
    access(all) view fun noticeSecondsMin(): UFix64 {
        return 2.0 * (self.exitNoticeSeconds + self.settlementGraceSeconds)
    }

    /// All tokens that the contract holds: the sum of all balances and the unclaimed revenue.
    access(all) view fun vaultBalance(): UFix64 {
        return self.vault.balance
    }

    /// Dollars for one token, unless it was read more than so many seconds ago.
    access(all) view fun rateWithin(seconds: UFix64): UFix64? {
        let readAt = self.rate?.readAt ?? 0.0
        return getCurrentBlock().timestamp <= readAt + seconds ? self.rate?.dollars : nil
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /* --- FOR OWNERS, through `SubscriptionOwnership.Holder` --- */

    /// Adds to a deposit; what is owed is charged at once.
    access(account) fun deposit(subscriptionId: UInt64, payment: @{FungibleToken.Vault}, from: Address?) {
        pre {
            payment.balance > 0.0: "SubscriptionCustody.topUp: the payment is empty"
        }
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowOpen(subscriptionId)
        let subscription = self.borrow(subscriptionId)
        let amount = payment.balance
        self.take(<-payment)
        subscription.add(amount)
        emit ToppedUp(subscriptionId: subscriptionId, from: from, amount: amount, balanceAfter: subscription.balance())
        self.chargeOwed(subscriptionId, subscription, ledger)
    }

    /// Sets the most that may be charged in 30 days; what that allows is charged at once.
    access(account) fun setSpendCap(subscriptionId: UInt64, limit: UFix64?) {
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowOpen(subscriptionId)
        let subscription = self.borrow(subscriptionId)
        ledger.setSpendCap(limit, charged: subscription.charged, rate: self.rateOf(ledger))
        subscription.checkNext()
        emit SpendCapSet(subscriptionId: subscriptionId, limit: limit)
        self.chargeOwed(subscriptionId, subscription, ledger)
    }

    /// Sets the most that one epoch may charge; what that allows is charged at once.
    access(account) fun setEpochLimit(subscriptionId: UInt64, limit: UFix64) {
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowOpen(subscriptionId)
        let subscription = self.borrow(subscriptionId)
        ledger.setEpochLimit(limit)
        subscription.checkNext()
        emit EpochLimitSet(subscriptionId: subscriptionId, limit: limit)
        self.chargeOwed(subscriptionId, subscription, ledger)
    }

    /// Begins the notice of an exit.
    access(account) fun requestExit(_ subscriptionId: UInt64) {
        let ledger = self.borrowOpen(subscriptionId)
        assert(
            ledger.exit == nil,
            message: "SubscriptionCustody.requestExit: the exit of subscription \(subscriptionId) is requested already"
        )
        let at = getCurrentBlock().timestamp + self.exitNoticeSeconds
        self.setExit(subscriptionId, SubscriptionTerms.Exit(at: at, isByProvider: false, isWaived: false, isClosed: false))
    }

    /// Cancels an exit that the owner requested.
    access(account) fun cancelExit(_ subscriptionId: UInt64) {
        let ledger = self.borrowExiting(subscriptionId)
        assert(
            !ledger.exit!.isByProvider,
            message: "SubscriptionCustody.cancelExit: the provider ends subscription \(subscriptionId)"
        )
        ledger.setExit(nil)
        emit ExitCancelled(subscriptionId: subscriptionId)
    }

    /// Pays out a part of the balance after the notice.
    access(account) fun withdraw(subscriptionId: UInt64, amount: UFix64, receiver: &{FungibleToken.Receiver}) {
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowLeaving(subscriptionId)
        let subscription = self.borrow(subscriptionId)
        let balance = subscription.balance()
        assert(
            amount > 0.0 && amount <= balance,
            message: "SubscriptionCustody.withdraw: subscription \(subscriptionId) has \(balance), not \(amount)"
        )
        ledger.withdraw(subscription, amount)
        emit Withdrawn(
            subscriptionId: subscriptionId, to: receiver.owner?.address, amount: amount,
            balanceAfter: balance - amount
        )
        self.payBack(amount, receiver: receiver)
    }

    /// Ends a subscription after the notice and pays out its balance.
    access(account) fun close(_ subscriptionId: UInt64, receiver: &{FungibleToken.Receiver}) {
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowLeaving(subscriptionId)
        let refund = ledger.close(self.borrow(subscriptionId))
        let owed = ledger.owed
        emit Closed(subscriptionId: subscriptionId, to: receiver.owner?.address, refunded: refund, owed: owed)
        self.payBack(refund, receiver: receiver)
    }

    /// Records another account as the owner.
    access(account) fun setOwner(subscriptionId: UInt64, owner: Address) {
        let ledger = self.borrowOpen(subscriptionId)
        emit OwnerChanged(subscriptionId: subscriptionId, from: ledger.owner, to: owner)
        ledger.setOwner(owner)
    }

    /* --- FOR THE CONTRACTS OF THIS ACCOUNT --- */

    /// Opens a subscription with a deposit; returns its id.
    access(account) fun open(
        owner: Address, planId: UInt64, planVersion: UInt64, planIndex: Int, isInDollars: Bool,
        lowBalance: UFix64, deposit: @{FungibleToken.Vault}
    ): UInt64 {
        post {
            self.isSound(): self.unsound()
        }
        let amount = deposit.balance
        let limit = self.epochLimitDefault
        self.take(<-deposit)
        let subscriptionId = UInt64(self.subscriptions.length)
        self.subscriptions.append(SubscriptionAccounts.Subscription(deposit: amount))
        self.ledgers.append(
            SubscriptionAccounts.Ledger(
                owner: owner, planIndex: planIndex, isInDollars: isInDollars, lowBalance: lowBalance,
                epochLimit: limit
            )
        )
        emit SubscriptionOpened(
            subscriptionId: subscriptionId, owner: owner, planId: planId, planVersion: planVersion,
            deposit: amount, balanceAfter: amount, epochLimit: limit
        )
        return subscriptionId
    }

    /// Moves what was charged from the balances to the revenue; the vault stays as it is.
    access(account) fun earn(_ charged: UFix64) {
        post {
            self.isSound(): self.unsound()
        }
        self.book(charged)
    }

    /// Records that a statement was confirmed: whoever is leaving waits until it can have been settled.
    access(account) fun noteStatement() {
        self.lastStatementAt = getCurrentBlock().timestamp
    }

    /// Records dollars for one token, as of this moment.
    access(account) fun noteRate(_ rate: UFix64) {
        self.rate = SubscriptionTerms.Rate(dollars: rate, readAt: getCurrentBlock().timestamp)
    }

    /// Lets an owner who has requested an exit and owes nothing leave now.
    access(account) fun waiveExitNotice(_ subscriptionId: UInt64) {
        let ledger = self.borrowExiting(subscriptionId)
        let owed = ledger.owed
        assert(
            owed == 0.0,
            message: "SubscriptionCustody.waiveExitNotice: subscription \(subscriptionId) owes \(owed)"
        )
        let isByProvider = ledger.exit!.isByProvider
        self.setExit(
            subscriptionId,
            SubscriptionTerms.Exit(at: getCurrentBlock().timestamp, isByProvider: isByProvider, isWaived: true, isClosed: false)
        )
    }

    /// Ends a subscription for the provider, after the notice of an exit and not later than its owner's own exit.
    access(account) fun endByProvider(_ subscriptionId: UInt64) {
        let ledger = self.borrowOpen(subscriptionId)
        let at = ledger.exit?.at ?? getCurrentBlock().timestamp + self.exitNoticeSeconds
        self.setExit(subscriptionId, SubscriptionTerms.Exit(at: at, isByProvider: true, isWaived: false, isClosed: false))
    }

    /// Gives unclaimed revenue back to a subscription. What is owed is charged from it at once.
    access(account) fun credit(subscriptionId: UInt64, amount: UFix64) {
        pre {
            amount > 0.0 && amount <= self.revenue.unclaimed:
                "SubscriptionCustody.credit: \(self.revenue.unclaimed) of revenue is unclaimed, not \(amount)"
        }
        post {
            self.isSound(): self.unsound()
        }
        let ledger = self.borrowOpen(subscriptionId)
        let subscription = self.borrow(subscriptionId)
        self.revenue.remove(amount)
        self.totalBalance = self.totalBalance + amount
        ledger.credit(subscription, amount)
        emit Credited(subscriptionId: subscriptionId, amount: amount, balanceAfter: subscription.balance())
        self.chargeOwed(subscriptionId, subscription, ledger)
    }

    /// Gives up a part of what a subscription owes, in the currency of its plan.
    access(account) fun forgive(subscriptionId: UInt64, amount: UFix64) {
        let ledger = self.borrowOpen(subscriptionId)
        assert(
            amount > 0.0 && amount <= ledger.owed,
            message: "SubscriptionCustody.forgive: subscription \(subscriptionId) owes \(ledger.owed), not \(amount)"
        )
        ledger.forgive(subscriptionId, amount)
    }

    /// Pays out revenue that is no longer held back.
    access(account) fun withdrawRevenue(amount: UFix64, receiver: &{FungibleToken.Receiver}) {
        pre {
            amount <= self.revenue.claimable():
                "SubscriptionCustody.withdrawRevenue: \(self.revenue.claimable()) can be claimed now, not \(amount)"
        }
        post {
            self.isSound(): self.unsound()
        }
        self.revenue.remove(amount)
        emit RevenueWithdrawn(amount: amount, to: receiver.owner?.address, unclaimedAfter: self.revenue.unclaimed)
        receiver.deposit(from: <-self.vault.withdraw(amount: amount))
    }

    /// The rate at which a ledger was charged last, whatever its age; nil for a plan that is priced in the token.
    access(account) view fun rateOf(_ ledger: &SubscriptionAccounts.Ledger): UFix64? {
        return ledger.isInDollars ? self.rate?.dollars : nil
    }

    /* --- INTERNAL --- */

    access(self) fun setExit(_ subscriptionId: UInt64, _ exit: SubscriptionTerms.Exit) {
        self.borrowLedger(subscriptionId).setExit(exit)
        self.borrow(subscriptionId).checkNext()
        emit ExitRequested(subscriptionId: subscriptionId, exitAt: exit.at, isByProvider: exit.isByProvider)
    }

    /// A subscription whose money may be taken out now, with what was owed charged. A debt to a provider that ended the
    /// subscription is given up.
    access(self) fun borrowLeaving(_ subscriptionId: UInt64): &SubscriptionAccounts.Ledger {
        let ledger = self.borrowExiting(subscriptionId)
        let possibleAt = self.exitPossibleAt(subscriptionId)!
        assert(
            getCurrentBlock().timestamp >= possibleAt,
            message: "SubscriptionCustody: the notice of subscription \(subscriptionId) ends at \(possibleAt)"
        )
        if ledger.owed > 0.0 && !ledger.exit!.isByProvider {
            let subscription = self.borrow(subscriptionId)
            let allowed = subscription.balance()
            self.book(ledger.chargeDebt(subscriptionId, subscription, allowed: allowed, rate: self.rateOf(ledger)))
        }
        return ledger
    }

    access(self) fun chargeOwed(
        _ subscriptionId: UInt64, _ subscription: &SubscriptionAccounts.Subscription,
        _ ledger: &SubscriptionAccounts.Ledger
    ) {
        if ledger.owed == 0.0 {
            return
        }
        let isInDollars = ledger.isInDollars
        let rate = isInDollars ? self.rateWithin(seconds: self.rateSecondsMax()) : nil
        if rate != nil || !isInDollars {
            self.book(ledger.chargeOwed(subscriptionId, subscription, rate: rate))
        }
    }

    access(self) fun book(_ charged: UFix64) {
        self.totalBalance = self.totalBalance - charged
        self.revenue.add(charged)
    }

    access(self) fun take(_ payment: @{FungibleToken.Vault}) {
        self.totalBalance = self.totalBalance + payment.balance
        self.vault.deposit(from: <-payment)
    }

    /// Pays out a part of the balances. This calls code of the receiver, so everything else is done before.
    access(self) fun payBack(_ amount: UFix64, receiver: &{FungibleToken.Receiver}) {
        self.totalBalance = self.totalBalance - amount
        receiver.deposit(from: <-self.vault.withdraw(amount: amount))
    }

    /// Whether the vault holds the balances and the unclaimed revenue and nothing else.
    access(self) view fun isSound(): Bool {
        return self.vault.balance == self.totalBalance + self.revenue.unclaimed
    }

    access(self) view fun unsound(): String {
        return "SubscriptionCustody: \(self.vault.balance) is held, for balances of \(self.totalBalance) and a revenue of \(self.revenue.unclaimed)"
    }

    access(self) view fun isKnown(_ subscriptionId: UInt64): Bool {
        return subscriptionId > 0 && subscriptionId < UInt64(self.subscriptions.length)
    }

    /// What a settlement reads and writes of a subscription.
    access(account) view fun borrow(_ subscriptionId: UInt64): &SubscriptionAccounts.Subscription {
        return &self.subscriptions[subscriptionId]
    }

    /// The ledger of a subscription; panics if there is none.
    access(account) view fun borrowLedger(_ subscriptionId: UInt64): &SubscriptionAccounts.Ledger {
        if !self.isKnown(subscriptionId) {
            panic("SubscriptionCustody: there is no subscription \(subscriptionId)")
        }
        return &self.ledgers[subscriptionId]
    }

    /// The ledger of a subscription that is not closed; panics otherwise.
    access(account) view fun borrowOpen(_ subscriptionId: UInt64): &SubscriptionAccounts.Ledger {
        let ledger = self.borrowLedger(subscriptionId)
        if ledger.exit?.isClosed == true {
            panic("SubscriptionCustody: subscription \(subscriptionId) is closed")
        }
        return ledger
    }

    access(self) view fun borrowExiting(_ subscriptionId: UInt64): &SubscriptionAccounts.Ledger {
        let ledger = self.borrowOpen(subscriptionId)
        if ledger.exit == nil {
            panic("SubscriptionCustody: no exit of subscription \(subscriptionId) is requested")
        }
        return ledger
    }

    /// @param tokenAddress: account of the contract of the token in which deposits are held
    /// @param tokenContract: name of that contract; it has a resource `Vault`
    /// @param isTokenDollar: whether a token is worth a dollar by definition
    init(
        tokenAddress: Address, tokenContract: String, isTokenDollar: Bool, exitNoticeSeconds: UFix64,
        settlementGraceSeconds: UFix64, revenueDelaySeconds: UFix64, epochLimitDefault: UFix64
    ) {
        let token = getAccount(tokenAddress).contracts.borrow<&{FungibleToken}>(name: tokenContract)
            ?? panic("SubscriptionCustody.init: there is no token \(tokenContract) on \(tokenAddress)")
        let vaultData = token.resolveContractView(
            resourceType: nil,
            viewType: Type<FungibleTokenMetadataViews.FTVaultData>()
        ) as! FungibleTokenMetadataViews.FTVaultData? ?? panic("SubscriptionCustody.init: \(tokenContract) has no vault")
        self.vault <- vaultData.createEmptyVault()
        self.tokenStoragePath = vaultData.storagePath
        self.receiverPath = vaultData.receiverPath
        self.isTokenDollar = isTokenDollar
        self.exitNoticeSeconds = exitNoticeSeconds
        self.settlementGraceSeconds = settlementGraceSeconds
        self.epochLimitDefault = epochLimitDefault
        self.totalBalance = 0.0
        self.revenue = ProviderRevenue.Revenue(delaySeconds: revenueDelaySeconds)
        self.lastStatementAt = 0.0
        self.rate = nil
        let nobody = SubscriptionAccounts.Ledger(
            owner: self.account.address, planIndex: 0, isInDollars: false, lowBalance: 0.0, epochLimit: 0.0
        )
        nobody.setExit(SubscriptionTerms.Exit(at: 0.0, isByProvider: false, isWaived: false, isClosed: true))
        self.subscriptions = [SubscriptionAccounts.Subscription(deposit: 0.0)]
        self.ledgers = [nobody]
    }
}
