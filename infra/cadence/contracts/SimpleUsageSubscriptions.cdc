import "FlareFDCTriggers"
import "FlowToken"
import "GraduatedPricing"
import "SettlementPages"
import "TriggerNotices"

/// Prepaid usage at one flat price: the smallest contract of its kind, to be read in five minutes and copied.
///
/// 1. A user opens an account with a deposit and keeps the `Pass`, which is the right to the rest of it.
/// 2. Flare attests how much every account has used so far. The statement comes through `FlareFDCTriggers`.
/// 3. Anyone presents a page of totals under the attested root; each account pays `price x total` less what it has paid.
/// 4. The user requests the exit, waits for the notice and takes the rest, within a week after it.
///
/// Totals are cumulative and only rise, so a page may come twice or never: nobody pays twice. A statement says all that
/// the earlier ones said, so only the newest is kept.
access(all) contract SimpleUsageSubscriptions {

    /* --- ENTITLEMENTS --- */

    /// The right of whoever holds a pass: to request and cancel the exit.
    access(all) entitlement Leave
    /// The right of the provider: to take out what was paid.
    access(all) entitlement Collect

    /* --- EVENTS --- */

    /// An account was opened.
    access(all) event Opened(accountId: UInt64, deposit: UFix64)
    /// Somebody added to a deposit.
    access(all) event ToppedUp(accountId: UInt64, amount: UFix64, balanceAfter: UFix64)
    /// Attested usage was paid. `ratedMicrotokens` is the account's total so far.
    access(all) event Settled(accountId: UInt64, ratedMicrotokens: UInt64, paid: UFix64, balanceAfter: UFix64)
    /// The rest can be taken from `exitAt` on, until `exitUntil`.
    access(all) event ExitRequested(accountId: UInt64, exitAt: UFix64, exitUntil: UFix64)
    /// The user stays after all.
    access(all) event ExitCancelled(accountId: UInt64)
    /// The rest was taken, and the account is gone.
    access(all) event Closed(accountId: UInt64, refunded: UFix64)
    /// The provider took out what had been paid.
    access(all) event RevenueWithdrawn(amount: UFix64, unclaimedAfter: UFix64)

    /* --- STATE --- */

    /// Where the provider's rights are stored.
    access(all) let AdminStoragePath: StoragePath
    /// Where the receiver of statements is stored.
    access(all) let HandlerStoragePath: StoragePath
    /// The one price, in FLOW for 1,000 rated tokens; it never changes.
    access(all) let tariff: GraduatedPricing.Tariff
    /// How long after the request the rest can be taken; longer than any attestation takes.
    access(all) let exitNoticeSeconds: UFix64
    /// How long after the notice the rest can be taken: a week. Then the exit lapses and must be requested anew.
    access(all) view fun exitSeconds(): UFix64 { return 604_800.0 }
    /// Length of an epoch.
    access(all) let epochSeconds: UInt64
    /// What was paid for usage and is not yet taken out by the provider.
    access(all) var unclaimedRevenue: UFix64
    /// How many accounts were ever opened; the newest has this id.
    access(all) var accountsOpened: UInt64
    /// The newest attested statement; nil before the first.
    access(all) var statement: SettlementPages.Statement?
    access(self) let vault: @FlowToken.Vault
    /// The triggers that will take effect.
    access(self) let triggers: TriggerNotices.Notices
    access(self) let accounts: {UInt64: UsageAccount}

    /// What an account has, has paid and has used.
    access(all) struct UsageAccount {
        /// What is left of the deposit.
        access(all) var balance: UFix64
        /// What was paid so far.
        access(all) var paid: UFix64
        /// The total that it was paid for.
        access(all) var ratedMicrotokens: UInt64
        /// When the notice of the exit ends; nil while no exit is requested.
        access(all) var exitAt: UFix64?
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(deposit: UFix64) {
            self.balance = deposit
            self.paid = 0.0
            self.ratedMicrotokens = 0
            self.exitAt = nil
            self.extension = nil
        }

        /// `active`, `owing` (the deposit does not cover the usage), `exiting` or `leaving` (the rest can be taken now).
        access(all) view fun status(): String {
            let now = getCurrentBlock().timestamp
            if let exitAt = self.exitAt {
                if now <= exitAt + SimpleUsageSubscriptions.exitSeconds() {
                    return now < exitAt ? "exiting" : "leaving"
                }
            }
            return self.paid < SimpleUsageSubscriptions.cost(self.ratedMicrotokens) ? "owing" : "active"
        }

        /// Pays for a new total as far as the balance goes; the next page, or the same again, asks for the rest.
        access(contract) fun pay(_ ratedMicrotokens: UInt64): UFix64 {
            if ratedMicrotokens < self.ratedMicrotokens {
                return 0.0
            }
            let due = SimpleUsageSubscriptions.cost(ratedMicrotokens) - self.paid
            let payment = due < self.balance ? due : self.balance
            self.ratedMicrotokens = ratedMicrotokens
            self.paid = self.paid + payment
            self.balance = self.balance - payment
            return payment
        }

        access(contract) fun add(_ amount: UFix64) {
            self.balance = self.balance + amount
        }

        access(contract) fun leave(at: UFix64?) {
            self.exitAt = at
        }
    }

    /* --- RESOURCES --- */

    /// The right to what is left of an account. Keep it: whoever holds it can take the money.
    access(all) resource Pass {
        /// The account that it is for.
        access(all) let accountId: UInt64
        /// Reserved: a stored resource can never get another field.
        access(self) let extension: {String: AnyStruct}?

        /// Begins the notice after which the rest can be taken.
        access(Leave) fun requestExit() {
            SimpleUsageSubscriptions.requestExit(self.accountId)
        }

        /// Stays after all.
        access(Leave) fun cancelExit() {
            SimpleUsageSubscriptions.cancelExit(self.accountId)
        }

        init(accountId: UInt64) {
            self.accountId = accountId
            self.extension = nil
        }
    }

    /// Receives the statements that Flare attested.
    access(all) resource StatementHandler: FlareFDCTriggers.Handler {
        /// Keeps the statement, unless a later one is there. Refuses an epoch that has not ended: it would keep every
        /// statement out until then.
        access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
            let words = delivery.wordsFor(&self as &{FlareFDCTriggers.Handler})
            let epoch = delivery.epoch
            SettlementPages.requireEnded(epoch: epoch, epochSeconds: SimpleUsageSubscriptions.epochSeconds)
            if epoch > SimpleUsageSubscriptions.statement?.epoch ?? 0 {
                SimpleUsageSubscriptions.statement = SettlementPages.Statement(epoch: epoch, words: words)
            }
        }

        /// Remembers the trigger: whoever opens an account must still be able to leave before it takes effect.
        access(FlareFDCTriggers.Notify) fun announced(triggerId: String, effectiveAt: UFix64) {
            SimpleUsageSubscriptions.triggers.add(triggerId: triggerId, effectiveAt: effectiveAt)
        }
    }

    /// The provider's one right.
    access(all) resource Admin {
        /// Takes out what was paid for usage.
        access(Collect) fun withdrawRevenue(amount: UFix64): @FlowToken.Vault {
            pre {
                amount <= SimpleUsageSubscriptions.unclaimedRevenue:
                    "SimpleUsageSubscriptions.withdrawRevenue: \(SimpleUsageSubscriptions.unclaimedRevenue) is unclaimed, not \(amount)"
            }
            return <-SimpleUsageSubscriptions.payRevenue(amount)
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// Opens an account; the pass carries its id.
    access(all) fun open(deposit: @FlowToken.Vault): @Pass {
        if let trigger = self.triggers.takingEffect() {
            panic("SimpleUsageSubscriptions.open: trigger \(trigger) takes effect before an owner who opens now could leave")
        }
        let amount = deposit.balance
        self.vault.deposit(from: <-deposit)
        self.accountsOpened = self.accountsOpened + 1
        let pass <- create Pass(accountId: self.accountsOpened)
        self.accounts[pass.accountId] = UsageAccount(deposit: amount)
        emit Opened(accountId: pass.accountId, deposit: amount)
        return <-pass
    }

    /// Adds to anyone's deposit.
    access(all) fun topUp(accountId: UInt64, payment: @FlowToken.Vault) {
        let account = self.borrow(accountId)
        let amount = payment.balance
        self.vault.deposit(from: <-payment)
        account.add(amount)
        emit ToppedUp(accountId: accountId, amount: amount, balanceAfter: account.balance)
    }

    /// Lets every account on a page of the newest statement pay for its usage.
    ///
    /// @param page: the page's number
    /// @param ids: the accounts on the page, in its order
    /// @param ratedMicrotokens: the cumulative total of each
    /// @param path: siblings from the page up to the root, 32 bytes each, hex
    access(all) fun settle(page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
        let statement = self.statement
            ?? panic("SimpleUsageSubscriptions.settle: no statement is attested yet")
        SettlementPages.requirePage(
            of: statement,
            contractType: self.getType(),
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
        var claimed: Int128 = 0
        for position, accountId in ids {
            claimed = claimed + Int128(ratedMicrotokens[position])
            self.settleOne(accountId, ratedMicrotokens: ratedMicrotokens[position])
        }
        SettlementPages.requireClaim(of: statement, page: page, claimedMicrotokens: claimed)
    }

    /// Ends an account after the notice and returns what is left of it.
    access(all) fun close(pass: @Pass): @FlowToken.Vault {
        let accountId = pass.accountId
        destroy pass
        let account = self.borrow(accountId)
        let status = account.status()
        assert(
            status == "leaving",
            message: "SimpleUsageSubscriptions.close: account \(accountId) is \(status); its rest can be taken in the week after the notice of an exit"
        )
        let refund = self.accounts.remove(key: accountId)!.balance
        emit Closed(accountId: accountId, refunded: refund)
        return <-(self.vault.withdraw(amount: refund) as! @FlowToken.Vault)
    }

    /* --- VIEWS --- */

    /// An account by its id.
    access(all) view fun usageAccount(_ accountId: UInt64): UsageAccount? {
        return self.accounts[accountId]
    }

    /// What a cumulative total costs, rounded down to 1e-8 FLOW.
    access(all) view fun cost(_ ratedMicrotokens: UInt64): UFix64 {
        return self.tariff.price(ratedMicrotokens)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    /// All FLOW in the contract: every balance and the unclaimed revenue.
    access(all) view fun vaultBalance(): UFix64 {
        return self.vault.balance
    }

    /* --- INSIDE --- */

    access(self) view fun borrow(_ accountId: UInt64): &UsageAccount {
        return &self.accounts[accountId] as &UsageAccount?
            ?? panic("SimpleUsageSubscriptions: there is no account \(accountId)")
    }

    /// A page is never held up by an account that is gone.
    access(self) fun settleOne(_ accountId: UInt64, ratedMicrotokens: UInt64) {
        if let account = &self.accounts[accountId] as &UsageAccount? {
            let paid = account.pay(ratedMicrotokens)
            if paid > 0.0 {
                self.unclaimedRevenue = self.unclaimedRevenue + paid
                emit Settled(
                    accountId: accountId,
                    ratedMicrotokens: ratedMicrotokens,
                    paid: paid,
                    balanceAfter: account.balance
                )
            }
        }
    }

    access(contract) fun requestExit(_ accountId: UInt64) {
        let account = self.borrow(accountId)
        let status = account.status()
        assert(
            status != "exiting" && status != "leaving",
            message: "SimpleUsageSubscriptions.requestExit: the exit of account \(accountId) is requested already"
        )
        let exitAt = getCurrentBlock().timestamp + self.exitNoticeSeconds
        account.leave(at: exitAt)
        emit ExitRequested(accountId: accountId, exitAt: exitAt, exitUntil: exitAt + self.exitSeconds())
    }

    access(contract) fun cancelExit(_ accountId: UInt64) {
        let account = self.borrow(accountId)
        assert(
            account.exitAt != nil,
            message: "SimpleUsageSubscriptions.cancelExit: no exit of account \(accountId) is requested"
        )
        account.leave(at: nil)
        emit ExitCancelled(accountId: accountId)
    }

    access(contract) fun payRevenue(_ amount: UFix64): @FlowToken.Vault {
        self.unclaimedRevenue = self.unclaimedRevenue - amount
        emit RevenueWithdrawn(amount: amount, unclaimedAfter: self.unclaimedRevenue)
        return <-(self.vault.withdraw(amount: amount) as! @FlowToken.Vault)
    }

    /// @param price: FLOW for 1,000 rated tokens
    /// @param exitNoticeSeconds: how long after the request the rest can be taken
    /// @param epochSeconds: length of an epoch
    init(price: UFix64, exitNoticeSeconds: UFix64, epochSeconds: UInt64) {
        pre {
            FlareFDCTriggers.noticeSeconds >= 2.0 * exitNoticeSeconds:
                "SimpleUsageSubscriptions.init: triggers must be announced for \(2.0 * exitNoticeSeconds) seconds, twice as long as an exit takes, not \(FlareFDCTriggers.noticeSeconds)"
        }
        self.AdminStoragePath = /storage/simpleUsageSubscriptionsAdmin
        self.HandlerStoragePath = /storage/simpleUsageSubscriptionsHandler
        self.tariff = GraduatedPricing.Tariff(tiers: [GraduatedPricing.Tier(endTokens: nil, price: price)])
        self.epochSeconds = epochSeconds
        self.exitNoticeSeconds = exitNoticeSeconds
        self.unclaimedRevenue = 0.0
        self.accountsOpened = 0
        self.vault <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
        self.triggers = TriggerNotices.Notices(leavingSeconds: 2.0 * exitNoticeSeconds)
        self.statement = nil
        self.accounts = {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
