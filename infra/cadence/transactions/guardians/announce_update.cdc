import "CodeUpdates"

/// Announces new code of a contract; from the end of the notice on anyone can put it in force.
///
/// @param codeHash: SHA3-256 of the code, 64 lower-case hex digits; `make deploy` tells it
transaction(name: String, codeHash: String) {

    let updater: auth(CodeUpdates.Announce) &CodeUpdates.Updater

    prepare(guardians: auth(BorrowValue) &Account) {
        self.updater = guardians.storage.borrow<auth(CodeUpdates.Announce) &CodeUpdates.Updater>(
            from: CodeUpdates.UpdaterStoragePath
        ) ?? panic("announce_update: the signer is no guardian")
    }

    execute {
        self.updater.announce(name: name, codeHash: codeHash)
    }
}
