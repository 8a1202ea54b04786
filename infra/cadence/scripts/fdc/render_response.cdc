import "FlareFDCTriggers"

/// The exact response that a trigger expects for these values, hex.
access(all) fun main(
    triggerId: String,
    votingRound: UInt64,
    lowestUsedTimestamp: UInt64,
    epoch: UInt64,
    words: [UInt256]
): String {
    return FlareFDCTriggers.render(
        triggerId: triggerId,
        votingRound: votingRound,
        lowestUsedTimestamp: lowestUsedTimestamp,
        epoch: epoch,
        words: words
    )
}
