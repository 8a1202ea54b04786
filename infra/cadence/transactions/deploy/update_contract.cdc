/// Replaces the code of a deployed contract; Flow refuses an update that would lose stored values.
transaction(name: String, code: String) {
    prepare(signer: auth(UpdateContract) &Account) {
        signer.contracts.update(name: name, code: code.utf8)
    }
}
