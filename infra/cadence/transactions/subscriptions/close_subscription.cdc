import "FlowToken"
import "UsageBasedSubscriptions"

/// Ends a subscription after the notice; the rest of the deposit goes back to the signer.
transaction(subscriptionId: UInt64) {

    let holder: auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder
    let wallet: &FlowToken.Vault

    prepare(signer: auth(BorrowValue) &Account) {
        self.holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: UsageBasedSubscriptions.HolderStoragePath
        ) ?? panic("close_subscription: the signer holds no subscriptions")
        self.wallet = signer.storage.borrow<&FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("close_subscription: the signer has no place for FLOW")
    }

    execute {
        self.wallet.deposit(from: <-self.holder.close(subscriptionId: subscriptionId))
    }
}
