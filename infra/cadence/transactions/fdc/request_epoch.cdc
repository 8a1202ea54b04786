import "FlareFDCTriggers"

/// Asks whoever attests for an epoch that is due.
transaction(triggerId: String, epoch: UInt64) {
    execute {
        FlareFDCTriggers.requestEpoch(triggerId: triggerId, epoch: epoch)
    }
}
