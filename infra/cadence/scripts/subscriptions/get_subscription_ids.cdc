import "UsageBasedSubscriptions"

/// The ids of the subscriptions that an account holds, published or not.
access(all) fun main(owner: Address): [UInt64] {
    let holder = getAuthAccount<auth(BorrowValue) &Account>(owner)
        .storage.borrow<&UsageBasedSubscriptions.Holder>(from: UsageBasedSubscriptions.HolderStoragePath)
    return holder?.ids() ?? []
}
