/// Deploys the contract by which code is updated after a notice, or updates its code where it is deployed.
transaction(code: String, noticeSeconds: UFix64) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "CodeUpdates"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, noticeSeconds)
    }
}
