import "FungibleToken"
import "SubscriptionCustody"
import "SubscriptionOwnership"
import "SubscriptionPlans"

/// Opens a subscription with a deposit from the signer's vault of the deposit token.
///
/// @param planVersion: the version of the plan that the signer accepts; it must be the newest in force
transaction(planId: UInt64, planVersion: UInt64, deposit: UFix64) {

    prepare(signer: auth(BorrowValue, SaveValue) &Account) {
        let path = SubscriptionOwnership.HolderStoragePath
        var holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(from: path)
        if holder == nil {
            signer.storage.save(<-SubscriptionOwnership.createHolder(), to: path)
            holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(from: path)
        }
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &{FungibleToken.Vault}>(
            from: SubscriptionCustody.tokenStoragePath
        ) ?? panic("open_subscription: the signer has no vault at \(SubscriptionCustody.tokenStoragePath)")
        SubscriptionPlans.open(
            holder: holder!,
            planId: planId,
            planVersion: planVersion,
            deposit: <-vault.withdraw(amount: deposit)
        )
    }
}
