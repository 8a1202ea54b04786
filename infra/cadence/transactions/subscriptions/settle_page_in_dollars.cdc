import "BandOracle"
import "DollarRates"
import "FlowToken"
import "FungibleToken"
import "UsageBasedSubscriptions"

/// Reads what a token is worth in dollars, and then charges what the attested usage on one page costs beyond what was
/// charged before. The signer pays the oracle's fee.
///
/// @param ids: the subscriptions on the page, in its order
/// @param ratedMicrotokens: the cumulative total of each
/// @param path: siblings from the page up to the settlement root, hex
transaction(epoch: UInt64, page: UInt64, ids: [UInt64], ratedMicrotokens: [UInt64], path: [String]) {

    let fee: @{FungibleToken.Vault}

    prepare(signer: auth(BorrowValue) &Account) {
        let vault = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(from: /storage/flowTokenVault)
            ?? panic("settle_page_in_dollars: the signer has no FLOW")
        self.fee <- vault.withdraw(amount: BandOracle.getFee())
    }

    execute {
        DollarRates.update(payment: <-self.fee)
        UsageBasedSubscriptions.settle(
            epoch: epoch,
            page: page,
            ids: ids,
            ratedMicrotokens: ratedMicrotokens,
            path: path
        )
    }
}
