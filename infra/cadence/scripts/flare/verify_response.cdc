import "FlareOracleVerifier"

/// Fails unless a response belongs to the confirmed root of a voting round.
access(all) fun main(votingRound: UInt64, response: String, proof: [String]) {
    FlareOracleVerifier.verify(votingRound: votingRound, response: response, proof: proof)
}
