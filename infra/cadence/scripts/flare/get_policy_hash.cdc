import "FlareOracleVerifier"

/// The hash of a signing policy that voters sign, in either hash scheme.
access(all) fun main(policy: String, isChainBound: Bool): String {
    return FlareOracleVerifier.policyHash(policy, isChainBound: isChainBound)
}
