/// Deploys the triggers; every later trigger is announced `noticeSeconds` before it counts.
transaction(code: String, noticeSeconds: UFix64) {
    prepare(signer: auth(AddContract) &Account) {
        signer.contracts.add(name: "FlareFDCTriggers", code: code.utf8, noticeSeconds)
    }
}
