import "CodeUpdates"

/// Takes back rights that guardians have not taken.
transaction {
    prepare(signer: auth(LoadValue, SaveValue, UnpublishInboxCapability) &Account) {
        let offer <- signer.storage.load<@CodeUpdates.Offer>(from: CodeUpdates.OfferStoragePath)
            ?? panic("withdraw_offer: the signer offers no rights")
        for path in offer.paths() {
            signer.storage.save(<-offer.take(path), to: path)
        }
        destroy offer
        signer.inbox.unpublish<auth(CodeUpdates.Take) &CodeUpdates.Offer>("flareflow-rights")
    }
}
