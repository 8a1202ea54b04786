/// Deploys the simple subscriptions, or updates the code where it is deployed.
transaction(
    code: String,
    price: UFix64,
    exitNoticeSeconds: UFix64,
    epochSeconds: UInt64
) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "SimpleUsageSubscriptions"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, price, exitNoticeSeconds, epochSeconds)
    }
}
