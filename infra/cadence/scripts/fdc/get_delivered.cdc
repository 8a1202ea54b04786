import "FlareFDCTriggers"

/// Whether an epoch was delivered, or a later one has its place.
access(all) fun main(triggerId: String, epoch: UInt64): Bool {
    return FlareFDCTriggers.isDelivered(triggerId: triggerId, epoch: epoch)
}
