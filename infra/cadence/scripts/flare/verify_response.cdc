import "FlareOracleVerifier"

/// The voting round of a response that belongs to a confirmed root; fails for any other.
access(all) fun main(response: String, proof: [String]): UInt64 {
    return FlareOracleVerifier.verify(response: response, proof: proof)
}
