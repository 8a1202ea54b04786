import "FungibleToken"
import "SubscriptionCustody"
import "SubscriptionOwnership"
import "UsageBasedSubscriptions"

/// Opens a subscription with a deposit from the signer's vault of the deposit token.
///
/// @param planVersion: the version of the plan that the signer accepts; it must be the newest in force
transaction(planId: UInt64, planVersion: UInt64, deposit: UFix64) {

    prepare(signer: auth(BorrowValue, SaveValue) &Account) {
        let path = SubscriptionOwnership.HolderStoragePath
        if signer.storage.type(at: path) == nil {
            signer.storage.save(<-SubscriptionOwnership.createHolder(), to: path)
        }
        let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(from: path)
            ?? panic("open_subscription: something else is stored at \(path)")
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &{FungibleToken.Vault}>(
            from: SubscriptionCustody.tokenStoragePath
        ) ?? panic("open_subscription: the signer has no vault at \(SubscriptionCustody.tokenStoragePath)")
        UsageBasedSubscriptions.open(
            holder: holder,
            planId: planId,
            planVersion: planVersion,
            deposit: <-vault.withdraw(amount: deposit)
        )
    }
}
