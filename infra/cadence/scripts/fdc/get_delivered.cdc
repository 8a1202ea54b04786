import "FlareFDCTriggers"

/// Whether an epoch was handed to the trigger's handler.
access(all) fun main(triggerId: String, epoch: UInt64): Bool {
    return FlareFDCTriggers.isDelivered(triggerId: triggerId, epoch: epoch)
}
