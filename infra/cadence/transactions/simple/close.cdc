import "FlowToken"
import "SimpleUsageSubscriptions"

/// Gives the pass back for what is left of the deposit, after the notice.
transaction {
    prepare(signer: auth(BorrowValue, LoadValue) &Account) {
        let pass <- signer.storage.load<@SimpleUsageSubscriptions.Pass>(from: /storage/simpleUsageSubscriptionsPass)
            ?? panic("close: the signer has no pass")
        let wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("close: the signer has no place for FLOW")
        wallet.deposit(from: <-SimpleUsageSubscriptions.close(pass: <-pass))
    }
}
