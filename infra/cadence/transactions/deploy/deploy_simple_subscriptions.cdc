/// Deploys the simple subscriptions, or updates their code where they are deployed.
///
/// @param price: FLOW for 1,000 rated tokens
/// @param exitNoticeSeconds: how long after the request the rest can be taken
transaction(code: String, price: UFix64, exitNoticeSeconds: UFix64) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "SimpleUsageSubscriptions"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, price, exitNoticeSeconds)
    }
}
