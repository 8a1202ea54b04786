import "FlareFDCTriggers"
import "FlareOracleVerifier"
import "FlowToken"

/// Prepaid usage at one flat price: the smallest contract of its kind, to be read in five minutes and copied.
///
/// 1. A user opens an account with a deposit and keeps the `Pass`, which is the right to the rest of it.
/// 2. Flare attests how much every account has used so far. The statement comes through `FlareFDCTriggers`.
/// 3. Anyone presents a page of totals under the attested root; each account pays `price x total` less what it has paid.
/// 4. The user announces the exit, waits, and takes the rest.
///
/// Totals are cumulative and only go up, so a page may come twice or never: nobody ever pays twice. A statement contains
/// all that the ones before it said, so only the newest is kept.
access(all) contract SimpleUsageSubscriptions {

    /* --- ENTITLEMENTS --- */

    /// The right of whoever holds a pass.
    access(all) entitlement Owner
    /// The right of the provider.
    access(all) entitlement Collect

    /* --- EVENTS --- */

    /// An account was opened.
    access(all) event Opened(accountId: UInt64, deposit: UFix64)
    /// Somebody added to a deposit.
    access(all) event ToppedUp(accountId: UInt64, amount: UFix64, balanceAfter: UFix64)
    /// Attested usage was paid. `ratedMicrotokens` is the account's total so far.
    access(all) event Settled(accountId: UInt64, ratedMicrotokens: UInt64, paid: UFix64, balanceAfter: UFix64)
    /// The rest can be taken from `exitAt` on.
    access(all) event ExitRequested(accountId: UInt64, exitAt: UFix64)
    /// The rest was taken, and the account is gone.
    access(all) event Closed(accountId: UInt64, refunded: UFix64)
    /// The provider took out what had been paid.
    access(all) event RevenueWithdrawn(amount: UFix64, unclaimedAfter: UFix64)

    /* --- STATE --- */

    /// Where the provider's rights lie.
    access(all) let AdminStoragePath: StoragePath
    /// Where the receiver of statements lies.
    access(all) let HandlerStoragePath: StoragePath
    /// FLOW for 1,000 rated tokens; it never changes.
    access(all) let price: UFix64
    /// How long after the request the rest can be taken; longer than any attestation takes.
    access(all) let exitNoticeSeconds: UFix64
    /// What was paid for usage and is not yet taken out by the provider.
    access(all) var unclaimedRevenue: UFix64
    /// How many accounts were ever opened; the newest has this id.
    access(all) var accountsOpened: UInt64
    /// The epoch of the newest attested statement, and the root of its pages.
    access(all) var epoch: UInt64
    /// 64 hex digits; empty before the first statement.
    access(all) var settlementRoot: String
    access(self) let vault: @FlowToken.Vault
    access(self) let accounts: {UInt64: UsageAccount}

    /// What an account has, has paid and has used.
    access(all) struct UsageAccount {
        /// What is left of the deposit.
        access(all) var balance: UFix64
        /// What was paid so far.
        access(all) var paid: UFix64
        /// The total that it was paid for.
        access(all) var ratedMicrotokens: UInt64
        /// From when on the rest can be taken; nil while no exit is announced.
        access(all) var exitAt: UFix64?

        view init(deposit: UFix64) {
            self.balance = deposit
            self.paid = 0.0
            self.ratedMicrotokens = 0
            self.exitAt = nil
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

        access(contract) fun leave(at: UFix64) {
            self.exitAt = at
        }
    }

    /* --- RESOURCES --- */

    /// The right to what is left of an account. Keep it: whoever holds it can take the money.
    access(all) resource Pass {
        /// The account that it is for.
        access(all) let accountId: UInt64

        /// Announces the exit.
        access(Owner) fun requestExit() {
            SimpleUsageSubscriptions.requestExit(self.accountId)
        }

        init(accountId: UInt64) {
            self.accountId = accountId
        }
    }

    /// Receives the statements that Flare attested.
    access(all) resource StatementHandler: FlareFDCTriggers.Handler {
        /// Keeps the settlement root, the fifth of the attested words, unless that of a later statement is there.
        access(all) fun handle(delivery: &FlareFDCTriggers.Delivery) {
            let words = delivery.wordsFor(&self as &{FlareFDCTriggers.Handler})
            if delivery.epoch > SimpleUsageSubscriptions.epoch {
                SimpleUsageSubscriptions.epoch = delivery.epoch
                SimpleUsageSubscriptions.settlementRoot = String.encodeHex(words[4].toBigEndianBytes())
            }
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
        if let trigger = FlareFDCTriggers.triggerTakingEffect(handlers: self.account.address, within: 2.0 * self.exitNoticeSeconds) {
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
        pre {
            ids.length == ratedMicrotokens.length:
                "SimpleUsageSubscriptions.settle: \(ids.length) ids but \(ratedMicrotokens.length) totals"
        }
        let lines = ["flareflow-page/1 \(self.getType().identifier) epoch \(self.epoch) page \(page)"]
        for position, accountId in ids {
            lines.append("\(accountId):\(ratedMicrotokens[position])")
        }
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(String.join(lines, separator: "\n").utf8))
        assert(
            FlareOracleVerifier.foldPath(leaf: leaf, path: path) == self.settlementRoot,
            message: "SimpleUsageSubscriptions.settle: page \(page) does not belong to the statement of epoch \(self.epoch)"
        )
        for position, accountId in ids {
            self.settleOne(accountId, ratedMicrotokens: ratedMicrotokens[position])
        }
    }

    /// Ends an account after the notice and returns what is left of it.
    access(all) fun close(pass: @Pass): @FlowToken.Vault {
        let accountId = pass.accountId
        destroy pass
        let exitAt = self.borrow(accountId).exitAt
            ?? panic("SimpleUsageSubscriptions.close: request the exit of account \(accountId) first")
        assert(
            getCurrentBlock().timestamp >= exitAt,
            message: "SimpleUsageSubscriptions.close: the notice of account \(accountId) ends at \(exitAt)"
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
        let units = UInt128(ratedMicrotokens) * UInt128(self.price * 100_000_000.0) / 1_000_000_000
        return UFix64(units / 100_000_000) + UFix64(units % 100_000_000) * 0.00000001
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
        let exitAt = getCurrentBlock().timestamp + self.exitNoticeSeconds
        self.borrow(accountId).leave(at: exitAt)
        emit ExitRequested(accountId: accountId, exitAt: exitAt)
    }

    access(contract) fun payRevenue(_ amount: UFix64): @FlowToken.Vault {
        self.unclaimedRevenue = self.unclaimedRevenue - amount
        emit RevenueWithdrawn(amount: amount, unclaimedAfter: self.unclaimedRevenue)
        return <-(self.vault.withdraw(amount: amount) as! @FlowToken.Vault)
    }

    /// @param price: FLOW for 1,000 rated tokens, at most 10.0, which keeps the cost of every total inside of UFix64
    /// @param exitNoticeSeconds: how long after the request the rest can be taken
    init(price: UFix64, exitNoticeSeconds: UFix64) {
        pre {
            price <= 10.0: "SimpleUsageSubscriptions.init: the price is at most 10.0, not \(price)"
            FlareFDCTriggers.noticeSeconds >= 2.0 * exitNoticeSeconds:
                "SimpleUsageSubscriptions.init: the notice of triggers is \(FlareFDCTriggers.noticeSeconds) seconds, less than twice the \(exitNoticeSeconds) of an exit"
        }
        self.AdminStoragePath = /storage/simpleUsageSubscriptionsAdmin
        self.HandlerStoragePath = /storage/simpleUsageSubscriptionsHandler
        self.price = price
        self.exitNoticeSeconds = exitNoticeSeconds
        self.unclaimedRevenue = 0.0
        self.accountsOpened = 0
        self.vault <- FlowToken.createEmptyVault(vaultType: Type<@FlowToken.Vault>())
        self.epoch = 0
        self.settlementRoot = ""
        self.accounts = {}
        self.account.storage.save(<-create Admin(), to: self.AdminStoragePath)
        self.account.storage.save(<-create StatementHandler(), to: self.HandlerStoragePath)
    }
}
