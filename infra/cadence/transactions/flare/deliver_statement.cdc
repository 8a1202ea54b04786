import "FlareFDCTriggers"
import "FlareOracleVerifier"

/// Confirms the root of a voting round and delivers one attested statement under it. A step that was done already is
/// skipped, so that repeating the transaction changes nothing.
///
/// @param rewardEpoch: the reward epoch of the signing policy whose voters signed
/// @param message: protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32), hex
/// @param signatures: v(1) r(32) s(32) index(2) of each signer, in the order of their indices, hex
/// @param words: the attested words, the first of which is the epoch
/// @param proof: siblings from the response up to the root, hex
transaction(
    rewardEpoch: UInt64,
    message: String,
    signatures: String,
    triggerId: String,
    votingRound: UInt64,
    lowestUsedTimestamp: UInt64,
    epoch: UInt64,
    words: [UInt256],
    proof: [String]
) {
    execute {
        if FlareOracleVerifier.root(votingRound: votingRound) == nil {
            FlareOracleVerifier.confirmRoot(rewardEpoch: rewardEpoch, message: message, signatures: signatures)
        }
        if !FlareFDCTriggers.isDelivered(triggerId: triggerId, epoch: epoch) {
            FlareFDCTriggers.deliver(
                triggerId: triggerId,
                votingRound: votingRound,
                lowestUsedTimestamp: lowestUsedTimestamp,
                epoch: epoch,
                words: words,
                proof: proof
            )
        }
    }
}
