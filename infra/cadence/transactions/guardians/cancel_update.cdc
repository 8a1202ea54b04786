import "CodeUpdates"

/// Cancels the announced update of a contract.
transaction(name: String) {

    let updater: auth(CodeUpdates.Announce) &CodeUpdates.Updater

    prepare(guardians: auth(BorrowValue) &Account) {
        self.updater = guardians.storage.borrow<auth(CodeUpdates.Announce) &CodeUpdates.Updater>(
            from: CodeUpdates.UpdaterStoragePath
        ) ?? panic("cancel_update: the signer is no guardian")
    }

    execute {
        self.updater.cancel(name: name)
    }
}
