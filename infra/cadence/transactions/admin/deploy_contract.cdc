/// Deploys a contract without constructor arguments, or updates it where it is already.
transaction(name: String, code: String) {

    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        if signer.contracts.get(name: name) == nil {
            signer.contracts.add(name: name, code: code.utf8)
        } else {
            signer.contracts.update(name: name, code: code.utf8)
        }
    }
}
