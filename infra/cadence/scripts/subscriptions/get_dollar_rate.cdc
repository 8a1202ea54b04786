import "BandOracle"
import "DollarRates"
import "FlowToken"
import "FungibleToken"
import "SubscriptionCustody"

/// Dollars for one token, as a settlement at this moment would read it. Panics where the settlement would: without a
/// price, and with one that is too old or has jumped too far. A script changes nothing on chain.
///
/// @param payer: the account that would pay the oracle's fee
access(all) fun main(payer: Address): UFix64 {
    let vault = getAuthAccount<auth(BorrowValue) &Account>(payer)
        .storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)
        ?? panic("get_dollar_rate: \(payer) has no FLOW")
    DollarRates.update(payment: <-vault.withdraw(amount: BandOracle.getFee()))
    return SubscriptionCustody.rate!.dollars
}
