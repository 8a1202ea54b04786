import "FlowToken"
import "SimpleUsageSubscriptions"

/// Ends the account after the notice; the rest of the deposit goes to the signer.
transaction {
    prepare(signer: auth(BorrowValue, LoadValue) &Account) {
        let pass <- signer.storage.load<@SimpleUsageSubscriptions.Pass>(from: /storage/simpleUsageSubscriptionsPass)
            ?? panic("close: the signer has no pass")
        let wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("close: the signer has no vault for FLOW")
        wallet.deposit(from: <-SimpleUsageSubscriptions.close(pass: <-pass))
    }
}
