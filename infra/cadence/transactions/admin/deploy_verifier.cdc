/// Deploys FlareOracleVerifier for one network of Flare, or updates its code where it is already.
transaction(code: String, protocolId: UInt8, sourceChainId: UInt64, roundsPerRewardEpoch: UInt64) {

    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        if signer.contracts.get(name: "FlareOracleVerifier") == nil {
            signer.contracts.add(
                name: "FlareOracleVerifier",
                code: code.utf8,
                protocolId: protocolId,
                sourceChainId: sourceChainId,
                roundsPerRewardEpoch: roundsPerRewardEpoch
            )
        } else {
            signer.contracts.update(name: "FlareOracleVerifier", code: code.utf8)
        }
    }
}
