/// Deploys the triggers, or updates their code where they are deployed.
///
/// @param noticeSeconds: how long before its first delivery a trigger is announced
/// @param epochSeconds: length of an epoch
transaction(code: String, noticeSeconds: UFix64, epochSeconds: UInt64) {
    prepare(signer: auth(AddContract, UpdateContract) &Account) {
        let name = "FlareFDCTriggers"
        if signer.contracts.get(name: name) != nil {
            signer.contracts.update(name: name, code: code.utf8)
            return
        }
        signer.contracts.add(name: name, code: code.utf8, noticeSeconds, epochSeconds)
    }
}
