import "SubscriptionOwnership"

/// The ids of the subscriptions that an account holds, published or not.
access(all) fun main(owner: Address): [UInt64] {
    let holder = getAuthAccount<auth(BorrowValue) &Account>(owner)
        .storage.borrow<&SubscriptionOwnership.Holder>(from: SubscriptionOwnership.HolderStoragePath)
    return holder?.getIDs() ?? []
}
