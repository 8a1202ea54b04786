/// Deploys the light client with its one trusted signing policy, or updates its code where it is deployed.
///
/// @param protocolId: 200 for the Flare Data Connector
/// @param firstRoundStart: when voting round 0 began, in seconds since 1970
/// @param messageWindow: how many reward epochs a message may be late
/// @param policy: the first signing policy as the Relay has it, hex
/// @param olderSchemeReturnsAfter: seconds without a chain-bound quorum after which the older hash scheme counts again
/// @param rootsKept: for how many rounds a root is kept
transaction(
    code: String,
    protocolId: UInt64,
    sourceChainId: UInt256,
    firstRoundStart: UInt64,
    roundSeconds: UInt64,
    roundsPerRewardEpoch: UInt64,
    messageWindow: UInt64,
    policy: String,
    isChainBound: Bool,
    olderSchemeReturnsAfter: UInt64,
    rootsKept: UInt64
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
            firstRoundStart,
            roundSeconds,
            roundsPerRewardEpoch,
            messageWindow,
            policy,
            isChainBound,
            olderSchemeReturnsAfter,
            rootsKept
        )
    }
}
