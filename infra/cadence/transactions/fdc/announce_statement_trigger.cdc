import "FlareFDCTriggers"

/// Announces a trigger whose attested words go to a handler on this account, or a later version of it, whose words go to
/// the same handler. A trigger that is announced already is left as it is, so that repeating the transaction changes
/// nothing.
///
/// @param triggerId: name and version, `statement/1`; the versions of a name are announced in order
/// @param source: the attestation source, `PublicWeb2`
/// @param urlPrefix: the https url up to the epoch, which follows in ten digits
/// @param words: the number of 32-byte words that are attested
/// @param handler: identifier of the storage path of the resource that receives the words of the first version
transaction(
    triggerId: String,
    source: String,
    urlPrefix: String,
    postProcessJq: String,
    abiSignature: String,
    words: Int,
    handler: String
) {
    prepare(signer: auth(BorrowValue, IssueStorageCapabilityController) &Account) {
        if FlareFDCTriggers.trigger(triggerId) != nil {
            return
        }
        let admin = signer.storage.borrow<auth(FlareFDCTriggers.Announce) &FlareFDCTriggers.Admin>(
            from: FlareFDCTriggers.AdminStoragePath
        ) ?? panic("announce_statement_trigger: the signer has no rights over the triggers")
        let path = StoragePath(identifier: handler)
            ?? panic("announce_statement_trigger: \(handler) is no storage path")
        let isFirst = triggerId.split(separator: "/")[1] == "1"
        let announced = admin.announce(
            name: triggerId.split(separator: "/")[0],
            request: FlareFDCTriggers.Request(
                source: source,
                urlPrefix: urlPrefix,
                postProcessJq: postProcessJq,
                abiSignature: abiSignature,
                words: words
            ),
            handler: isFirst ? signer.capabilities.storage.issue<auth(FlareFDCTriggers.Notify) &{FlareFDCTriggers.Handler}>(path) : nil
        )
        assert(
            announced == triggerId,
            message: "announce_statement_trigger: the next version is \(announced), not \(triggerId)"
        )
    }
}
