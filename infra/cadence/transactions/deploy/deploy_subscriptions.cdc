/// Deploys a contract of subscriptions with the notices of plans and exits.
transaction(name: String, code: String, planNoticeSeconds: UFix64, exitNoticeSeconds: UFix64) {
    prepare(signer: auth(AddContract) &Account) {
        signer.contracts.add(name: name, code: code.utf8, planNoticeSeconds, exitNoticeSeconds)
    }
}
