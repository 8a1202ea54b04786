import "FlareOracleVerifier"

/// Confirms the Merkle root of a voting round.
///
/// @param rewardEpoch: the reward epoch of the signing policy whose voters signed
/// @param message: protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32), hex
/// @param signatures: v(1) r(32) s(32) index(2) of each signer, in the order of their indices, hex
transaction(rewardEpoch: UInt64, message: String, signatures: String) {
    execute {
        FlareOracleVerifier.confirmRoot(rewardEpoch: rewardEpoch, message: message, signatures: signatures)
    }
}
