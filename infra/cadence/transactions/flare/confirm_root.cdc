import "FlareOracleVerifier"

/// Confirms the Merkle root of a voting round.
transaction(rewardEpoch: UInt64, message: String, signatures: String) {
    execute {
        FlareOracleVerifier.confirmRoot(rewardEpoch: rewardEpoch, message: message, signatures: signatures)
    }
}
