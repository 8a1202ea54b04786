import "FlowToken"
import "FungibleToken"

/// Creates an account and gives it FLOW; only for a local network.
///
/// @param publicKey: P-256, X and Y, hex
/// @param hashAlgorithm: SHA3_256 for keys in memory, SHA2_256 for keys in AWS KMS
/// @param keys: how often the key is added, each time with full weight and its own sequence number
transaction(publicKey: String, hashAlgorithm: String, keys: Int, amount: UFix64) {

    prepare(service: auth(BorrowValue) &Account) {
        let account = Account(payer: service)
        let key = PublicKey(publicKey: publicKey.decodeHex(), signatureAlgorithm: SignatureAlgorithm.ECDSA_P256)
        var added = 0
        while added < keys {
            account.keys.add(
                publicKey: key,
                hashAlgorithm: hashAlgorithm == "SHA2_256" ? HashAlgorithm.SHA2_256 : HashAlgorithm.SHA3_256,
                weight: 1000.0
            )
            added = added + 1
        }
        let vault = service.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("The service account has no FlowToken vault")
        let receiver = account.capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)
            ?? panic("The new account cannot receive FLOW")
        receiver.deposit(from: <-vault.withdraw(amount: amount))
    }
}
