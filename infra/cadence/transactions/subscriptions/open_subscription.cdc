import "FlowToken"
import "FungibleToken"
import "UsageBasedSubscriptions"

/// Opens a subscription with a deposit from the signer's FLOW.
///
/// @param planVersion: the version of the plan that the signer accepts; it must be the newest in force
transaction(planId: UInt64, planVersion: UInt64, deposit: UFix64) {

    prepare(signer: auth(BorrowValue, SaveValue) &Account) {
        let path = UsageBasedSubscriptions.HolderStoragePath
        if signer.storage.type(at: path) == nil {
            signer.storage.save(<-UsageBasedSubscriptions.createHolder(), to: path)
        }
        let holder = signer.storage.borrow<auth(UsageBasedSubscriptions.Owner) &UsageBasedSubscriptions.Holder>(
            from: path
        ) ?? panic("open_subscription: something else lies at \(path)")
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
            from: /storage/flowTokenVault
        ) ?? panic("open_subscription: the signer has no FLOW")
        holder.open(
            planId: planId,
            planVersion: planVersion,
            deposit: <-(vault.withdraw(amount: deposit) as! @FlowToken.Vault)
        )
    }
}
