/// Deploys the subscriptions, or updates their code where they are deployed.
///
/// @param planNoticeSeconds: how long a plan or price is announced before it counts
/// @param exitNoticeSeconds: how long after the request an owner may withdraw
transaction(code: String, planNoticeSeconds: UFix64, exitNoticeSeconds: UFix64) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "UsageBasedSubscriptions"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, planNoticeSeconds, exitNoticeSeconds)
    }
}
