import "FlowToken"
import "FungibleToken"
import "SubscriptionCustody"

/// Sends FLOW to the account of the contracts, so that it can store more: 100 MB for each FLOW. Anyone may do this, for
/// example an owner whose exit does not fit into a full account any more.
transaction(amount: UFix64) {
    prepare(signer: auth(BorrowValue) &Account) {
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("add_storage: the signer has no FLOW")
        let contracts = Type<SubscriptionCustody>().address!
        let receiver = getAccount(contracts).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)
            ?? panic("add_storage: \(contracts) receives no FLOW")
        receiver.deposit(from: <-vault.withdraw(amount: amount))
    }
}
