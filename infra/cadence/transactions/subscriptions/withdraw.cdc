import "FlowToken"
import "UsageBasedSubscriptions"

/// Takes out a part of the balance, after the notice.
transaction(subscriptionId: UInt64, amount: UFix64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder
    let wallet: &FlowToken.Vault

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("withdraw: the signer holds no subscriptions")
        self.wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("withdraw: the signer has no place for FLOW")
    }

    execute {
        self.wallet.deposit(from: <-self.holder.withdraw(subscriptionId: subscriptionId, amount: amount))
    }
}
