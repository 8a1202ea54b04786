/// Deploys the plans, or updates the code where it is deployed.
transaction(
    code: String,
    noticeSeconds: UFix64,
    epochSeconds: UInt64
) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "SubscriptionPlans"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, noticeSeconds, epochSeconds)
    }
}
