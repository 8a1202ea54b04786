import "UsageBasedSubscriptions"

/// Charges what the attested usage on one page costs beyond what was charged before.
///
/// @param ids: the subscriptions on the page, in its order
/// @param ratedMicrotokens: the cumulative total of each
/// @param path: siblings from the page up to the settlement root, hex
transaction(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {
    execute {
        UsageBasedSubscriptions.settle(
            epoch: epoch,
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
    }
}
