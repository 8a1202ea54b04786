import "UsageBasedSubscriptions"

/// The ids of the subscriptions that an account holds.
access(all) fun main(owner: Address): [UInt64] {
    let holder = getAccount(owner).capabilities.borrow<&UsageBasedSubscriptions.Holder>(
        UsageBasedSubscriptions.HolderPublicPath
    )
    return holder?.ids() ?? []
}
