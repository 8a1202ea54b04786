/// Deploys the light client with its one trusted signing policy.
transaction(
    code: String,
    protocolId: UInt64,
    sourceChainId: UInt256,
    roundsPerRewardEpoch: UInt64,
    policy: String,
    isChainBound: Bool
) {
    prepare(signer: auth(AddContract) &Account) {
        signer.contracts.add(
            name: "FlareOracleVerifier",
            code: code.utf8,
            protocolId,
            sourceChainId,
            roundsPerRewardEpoch,
            policy,
            isChainBound
        )
    }
}
