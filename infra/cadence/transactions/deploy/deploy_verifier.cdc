/// Deploys the light client with its one trusted signing policy, or updates its code where it is deployed.
///
/// @param protocolId: 200 for the Flare Data Connector
/// @param policy: the first signing policy as the Relay has it, hex
transaction(
    code: String,
    protocolId: UInt64,
    sourceChainId: UInt256,
    roundsPerRewardEpoch: UInt64,
    policy: String,
    isChainBound: Bool,
    rootsKept: UInt64,
    policiesKept: UInt64
) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "FlareOracleVerifier"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(
            name: name,
            code: code.utf8,
            protocolId,
            sourceChainId,
            roundsPerRewardEpoch,
            policy,
            isChainBound,
            rootsKept,
            policiesKept
        )
    }
}
