/// Deploys a contract whose initializer takes no arguments, or updates its code where it is deployed.
transaction(code: String, name: String) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8)
    }
}
