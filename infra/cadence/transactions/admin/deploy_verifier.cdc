/// Deploys FlareOracleVerifier for one network of Flare with its first signing policy, or updates its code.
transaction(
    code: String,
    protocolId: UInt64,
    sourceChainId: UInt256,
    roundsPerRewardEpoch: UInt64,
    policy: String,
    isChainBound: Bool
) {

    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        if signer.contracts.get(name: "FlareOracleVerifier") == nil {
            signer.contracts.add(
                name: "FlareOracleVerifier",
                code: code.utf8,
                protocolId: protocolId,
                sourceChainId: sourceChainId,
                roundsPerRewardEpoch: roundsPerRewardEpoch,
                policy: policy,
                isChainBound: isChainBound
            )
        } else {
            signer.contracts.update(name: "FlareOracleVerifier", code: code.utf8)
        }
    }
}
