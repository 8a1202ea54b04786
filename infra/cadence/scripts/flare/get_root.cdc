import "FlareOracleVerifier"

/// The confirmed Merkle root of a voting round, 64 hex digits, or nil.
access(all) fun main(votingRound: UInt64): String? {
    return FlareOracleVerifier.root(votingRound: votingRound)
}
