import "CodeUpdates"

/// How the code of one contract stands.
access(all) struct Code {
    /// SHA3-256 of the code in force, hex; nil if there is no such contract.
    access(all) let codeHash: String?
    /// SHA3-256 of the announced code, hex.
    access(all) let announcedHash: String?
    /// When it can be put in force.
    access(all) let possibleAt: UFix64?
    /// Whether that time has come.
    access(all) let isPossible: Bool

    init(_ code: [UInt8]?, _ announcement: CodeUpdates.Announcement?) {
        self.codeHash = code == nil ? nil : String.encodeHex(HashAlgorithm.SHA3_256.hash(code!))
        self.announcedHash = announcement?.codeHash
        self.possibleAt = announcement?.possibleAt
        self.isPossible = announcement?.isPossible() ?? false
    }
}

/// The code of contracts, in the order of their names.
access(all) fun main(names: [String]): [Code] {
    let contracts = getAccount(Type<@CodeUpdates.Updater>().address!).contracts
    let announced = CodeUpdates.pendingUpdates()
    return names.map(fun (name: String): Code {
        return Code(contracts.get(name: name)?.code, announced[name])
    })
}
