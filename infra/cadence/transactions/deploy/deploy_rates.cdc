/// Deploys the reading of dollar rates, or updates the code where it is deployed.
transaction(
    code: String,
    symbol: String,
    ageSecondsMax: UFix64,
    jumpPerHourMax: UFix64
) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "DollarRates"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, symbol, ageSecondsMax, jumpPerHourMax)
    }
}
