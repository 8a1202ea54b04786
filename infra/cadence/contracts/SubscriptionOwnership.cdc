import "Burner"
import "FungibleToken"
import "MetadataViews"
import "SubscriptionCustody"
import "ViewResolver"

/// The rights of owners: resources that an account keeps in its storage, shows in wallets, lends by entitlements and
/// moves to others. The money stays in `SubscriptionCustody`.
access(all) contract SubscriptionOwnership {

    /* --- PATHS --- */

    /// Where an owner keeps a holder.
    access(all) let HolderStoragePath: StoragePath
    /// Where an owner may publish it, to be given subscriptions by others.
    access(all) let HolderPublicPath: PublicPath

    /* --- ENTITLEMENTS OF AN OWNER --- */

    /// The right to add to a deposit in the owner's name.
    access(all) entitlement Fund
    /// The right to open subscriptions, change plans and limits, and to request and cancel exits.
    access(all) entitlement Manage
    /// The right to take money out.
    access(all) entitlement Withdraw
    /// The right to move subscriptions to other accounts.
    access(all) entitlement Transfer

    /* --- RESOURCES --- */

    /// The right to one subscription. Whoever destroys it without closing the subscription gives up that right; the
    /// provider can then end the subscription, and its balance goes to the owner's account.
    access(all) resource Ownership: ViewResolver.Resolver {
        /// Tells whoever watches that the right to a subscription is gone; a closed subscription loses it too.
        access(all) event ResourceDestroyed(subscriptionId: UInt64 = self.subscriptionId)

        /// The subscription that it is the right to.
        access(all) let subscriptionId: UInt64
        /// Reserved: a stored resource can never get another field.
        access(self) let extension: {String: AnyStruct}?

        /// The views that wallets can ask for: a picture with a name and the balance.
        access(all) view fun getViews(): [Type] {
            return [Type<MetadataViews.Display>()]
        }

        /// The view, or nil.
        access(all) fun resolveView(_ view: Type): AnyStruct? {
            let balance = SubscriptionCustody.subscription(self.subscriptionId)!.balance()
            return view != Type<MetadataViews.Display>()
                ? nil
                : MetadataViews.Display(
                    name: "Subscription \(self.subscriptionId)",
                    description: "Prepaid usage; \(balance) of the deposit is left.",
                    thumbnail: MetadataViews.HTTPFile(url: SubscriptionOwnership.thumbnail())
                )
        }

        init(subscriptionId: UInt64) {
            self.subscriptionId = subscriptionId
            self.extension = nil
        }
    }

    /// The subscriptions of an account and what their owner may do. Keep it at `HolderStoragePath`. The contract records
    /// the account at every opening and every move; a holder that was itself moved must `claim` before anything else.
    access(all) resource Holder: ViewResolver.ResolverCollection, Burner.Burnable {
        access(self) let ownerships: @{UInt64: Ownership}
        /// Reserved: a stored resource can never get another field.
        access(self) let extension: {String: AnyStruct}?

        /// Whether a subscription is held here.
        access(all) view fun holds(_ subscriptionId: UInt64): Bool {
            return self.ownerships.containsKey(subscriptionId)
        }

        /// The ids of the subscriptions held here.
        access(all) view fun getIDs(): [UInt64] {
            return self.ownerships.keys
        }

        /// What wallets show of a subscription.
        access(all) view fun borrowViewResolver(id: UInt64): &{ViewResolver.Resolver}? {
            return &self.ownerships[id]
        }

        /// Adds to the deposit. What is owed is charged at once.
        access(Fund) fun topUp(subscriptionId: UInt64, payment: @{FungibleToken.Vault}) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.deposit(subscriptionId: subscriptionId, payment: <-payment, from: self.address())
        }

        /// Sets the most that may be charged in 30 days, counted from the first cap on; nil takes the cap away.
        /// What exceeds it stays owed until the next period, a higher cap or a withdrawal.
        access(Manage) fun setSpendCap(subscriptionId: UInt64, limit: UFix64?) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.setSpendCap(subscriptionId: subscriptionId, limit: limit)
        }

        /// Sets the most that one epoch may charge. What exceeds it stays owed, and later epochs charge it.
        access(Manage) fun setEpochLimit(subscriptionId: UInt64, limit: UFix64) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.setEpochLimit(subscriptionId: subscriptionId, limit: limit)
        }

        /// Begins the notice after which the balance can be taken out.
        access(Manage) fun requestExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.requestExit(subscriptionId)
        }

        /// Stays after all.
        access(Manage) fun cancelExit(subscriptionId: UInt64) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.cancelExit(subscriptionId)
        }

        /// Pays out a part of the balance after the notice; what is owed is charged first. A spend cap stays.
        access(Withdraw) fun withdraw(subscriptionId: UInt64, amount: UFix64, receiver: &{FungibleToken.Receiver}) {
            self.requireHeld(subscriptionId)
            SubscriptionCustody.withdraw(subscriptionId: subscriptionId, amount: amount, receiver: receiver)
        }

        /// Ends a subscription after the notice and pays out its balance; what is owed is charged first.
        access(Withdraw) fun close(subscriptionId: UInt64, receiver: &{FungibleToken.Receiver}) {
            self.requireHeld(subscriptionId)
            destroy self.ownerships.remove(key: subscriptionId)
            SubscriptionCustody.close(subscriptionId, receiver: receiver)
        }

        /// Takes an ownership out, to be added to another account's holder.
        access(Transfer) fun remove(subscriptionId: UInt64): @Ownership {
            self.requireHeld(subscriptionId)
            return <-self.ownerships.remove(key: subscriptionId)!
        }

        /// Adds an ownership; from now on its rights are used here.
        access(all) fun add(ownership: @Ownership) {
            SubscriptionCustody.setOwner(subscriptionId: ownership.subscriptionId, owner: self.address())
            self.ownerships[ownership.subscriptionId] <-! ownership
        }

        /// Records this account as the owner of one subscription, after the whole holder was moved here.
        access(Transfer) fun claim(subscriptionId: UInt64) {
            self.requireOwnership(subscriptionId)
            SubscriptionCustody.setOwner(subscriptionId: subscriptionId, owner: self.address())
        }

        /// Refuses to be burned while a subscription is open. A plain `destroy` cannot be refused in Cadence.
        access(contract) fun burnCallback() {
            for subscriptionId in self.getIDs() {
                assert(
                    SubscriptionCustody.borrowLedger(subscriptionId).status() == "closed",
                    message: "SubscriptionOwnership.Holder: subscription \(subscriptionId) is open; close it first"
                )
            }
        }

        /// Takes the ownership of a subscription that was opened for this account.
        access(account) fun keep(_ subscriptionId: UInt64) {
            self.ownerships[subscriptionId] <-! create Ownership(subscriptionId: subscriptionId)
        }

        /// Panics unless this holder may act for a subscription.
        access(account) view fun requireHeld(_ subscriptionId: UInt64) {
            self.requireOwnership(subscriptionId)
            let owner = SubscriptionCustody.borrowLedger(subscriptionId).owner
            assert(
                owner == self.address(),
                message: "SubscriptionOwnership.Holder: subscription \(subscriptionId) is recorded for \(owner); claim it first"
            )
        }

        access(self) view fun requireOwnership(_ subscriptionId: UInt64) {
            assert(
                self.holds(subscriptionId),
                message: "SubscriptionOwnership.Holder: subscription \(subscriptionId) is not held here"
            )
        }

        /// The account in whose storage the holder is; panics if there is none.
        access(account) view fun address(): Address {
            return self.owner?.address
                ?? panic("SubscriptionOwnership.Holder: a holder works only in the storage of an account")
        }

        init() {
            self.ownerships <- {}
            self.extension = nil
        }
    }

    /// A holder for an account's storage.
    access(all) fun createHolder(): @Holder {
        return <-create Holder()
    }

    /// The picture that wallets show of a subscription. It is not stored, because every operation would read it.
    access(all) view fun thumbnail(): String {
        return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23e62058'/%3E%3C/svg%3E"
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    init() {
        self.HolderStoragePath = /storage/usageBasedSubscriptionsHolder
        self.HolderPublicPath = /public/usageBasedSubscriptionsHolder
    }
}
