import "CodeUpdates"

/// Takes all rights that were offered to the signer, guardians with several keys.
transaction {
    prepare(guardians: auth(ClaimInboxCapability, SaveValue) &Account) {
        let provider = Type<@CodeUpdates.Updater>().address!
        let offered = guardians.inbox.claim<auth(CodeUpdates.Take) &CodeUpdates.Offer>(
            "flareflow-rights",
            provider: provider
        ) ?? panic("take_rights: \(provider) offers the signer no rights")
        let offer = offered.borrow() ?? panic("take_rights: the offer was withdrawn")
        for path in offer.paths() {
            guardians.storage.save(<-offer.take(path), to: path)
        }
    }
}
