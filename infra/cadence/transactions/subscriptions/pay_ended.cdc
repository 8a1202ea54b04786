import "SubscriptionCustody"

/// Pays the balance of a subscription that the provider has ended to its owner. Anyone may send this.
transaction(subscriptionId: UInt64) {
    execute {
        SubscriptionCustody.payEnded(subscriptionId)
    }
}
