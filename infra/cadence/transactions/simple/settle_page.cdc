import "SimpleUsageSubscriptions"

/// Lets every account on an attested page pay for its usage.
transaction(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
    execute {
        SimpleUsageSubscriptions.settle(
            epoch: epoch,
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
    }
}
