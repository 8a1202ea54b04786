import "SubscriptionCustody"

/// When the owner of a subscription can take its money out, and how long that takes in general.
access(all) struct Exit {
    /// Seconds between the request of an exit and the end of its notice.
    access(all) let noticeSeconds: UFix64
    /// Seconds in which a statement that was confirmed before that end can still be settled.
    access(all) let graceSeconds: UFix64
    /// When the notice ends; nil while no exit is requested.
    access(all) let exitAt: UFix64?
    /// When the money can be taken out; it moves with new statements until the notice ends.
    access(all) let possibleAt: UFix64?
    /// Whether the provider ends the subscription. The owner cannot cancel that.
    access(all) let isByProvider: Bool
    /// Whether it is closed.
    access(all) let isClosed: Bool
    /// The most that one epoch may charge, in tokens.
    access(all) let epochLimit: UFix64
    /// The time of the block, by which the contract decides.
    access(all) let now: UFix64

    init(_ subscriptionId: UInt64) {
        let ledger = SubscriptionCustody.ledger(subscriptionId)!
        self.noticeSeconds = SubscriptionCustody.exitNoticeSeconds
        self.graceSeconds = SubscriptionCustody.settlementGraceSeconds
        self.exitAt = ledger.exit?.at
        self.possibleAt = SubscriptionCustody.exitPossibleAt(subscriptionId)
        self.isByProvider = ledger.exit?.isByProvider ?? false
        self.isClosed = ledger.exit?.isClosed ?? false
        self.epochLimit = ledger.epochLimit
        self.now = getCurrentBlock().timestamp
    }
}

/// The exit of a subscription; nil if there is none with this id.
access(all) fun main(subscriptionId: UInt64): Exit? {
    return SubscriptionCustody.ledger(subscriptionId) == nil ? nil : Exit(subscriptionId)
}
