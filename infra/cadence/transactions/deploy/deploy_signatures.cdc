/// Deploys the contract that reads signing policies and recovers signers, or updates its code where it is deployed.
transaction(code: String) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "FlareSignatures"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8)
    }
}
