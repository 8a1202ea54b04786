/// Deploys the custody of deposits, or updates the code where it is deployed.
///
/// @param tokenAddress: account of the contract of the token in which deposits are held
/// @param isTokenDollar: whether a token is worth a dollar by definition
/// @param epochLimitDefault: the most that one epoch may charge a subscription whose owner has set nothing else
transaction(
    code: String,
    tokenAddress: Address,
    tokenContract: String,
    isTokenDollar: Bool,
    exitNoticeSeconds: UFix64,
    settlementGraceSeconds: UFix64,
    revenueDelaySeconds: UFix64,
    epochLimitDefault: UFix64
) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "SubscriptionCustody"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(
            name: name,
            code: code.utf8,
            tokenAddress,
            tokenContract,
            isTokenDollar,
            exitNoticeSeconds,
            settlementGraceSeconds,
            revenueDelaySeconds,
            epochLimitDefault
        )
    }
}
