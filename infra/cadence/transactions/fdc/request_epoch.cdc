import "FlareFDCTriggers"

/// Asks attesters for an epoch that has not been delivered.
transaction(triggerId: String, epoch: UInt64) {
    execute {
        FlareFDCTriggers.requestEpoch(triggerId: triggerId, epoch: epoch)
    }
}
