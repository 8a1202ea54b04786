import "CodeUpdates"

/// Revokes all keys of the account of the contracts, once guardians have taken its rights: afterwards nobody signs for it,
/// and its code changes only after an announcement.
transaction {
    prepare(signer: auth(LoadValue, RevokeKey) &Account) {
        let offer <- signer.storage.load<@CodeUpdates.Offer>(from: CodeUpdates.OfferStoragePath)
            ?? panic("revoke_keys: the signer has offered no rights")
        assert(
            offer.paths().length == 0,
            message: "revoke_keys: the guardians \(offer.guardians) have not taken the rights yet"
        )
        destroy offer
        let usable: [Int] = []
        signer.keys.forEach(fun (key: AccountKey): Bool {
            if !key.isRevoked {
                usable.append(key.keyIndex)
            }
            return true
        })
        for index in usable {
            signer.keys.revoke(keyIndex: index)
        }
    }
}
