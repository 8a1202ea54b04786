import "FlareOracleVerifier"
import "FlareSignatures"

/// Rolls the light client forward, policy by policy. Policies that it knows are skipped, so that repeating the transaction
/// changes nothing.
///
/// @param policies: consecutive signing policies as the Relay has them, hex
/// @param signatures: for each, v(1) r(32) s(32) index(2) of voters of the policy before it, in the order of their indices, hex
transaction(policies: [String], signatures: [String]) {
    execute {
        assert(
            policies.length == signatures.length,
            message: "roll_signing_policies: \(policies.length) policies but \(signatures.length) lists of signatures"
        )
        for position, policy in policies {
            if FlareSignatures.rewardEpochOf(policy: policy) > FlareOracleVerifier.latestRewardEpoch {
                FlareOracleVerifier.rollSigningPolicy(policy: policy, signatures: signatures[position])
            }
        }
    }
}
