import "FlareOracleVerifier"

/// What voters sign to agree to a signing policy, by the scheme of its epoch.
access(all) fun main(policy: String, isChainBound: Bool): String {
    return FlareOracleVerifier.policyHash(policy, isChainBound: isChainBound)
}
