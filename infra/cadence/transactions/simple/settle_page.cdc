import "SimpleUsageSubscriptions"

/// Lets every account on a page of the newest statement pay for its usage.
transaction(page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
    execute {
        SimpleUsageSubscriptions.settle(
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
    }
}
