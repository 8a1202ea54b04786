import "UsageBasedSubscriptions"

/// Adds a plan of graduated tiers.
///
/// @param fromMicrotokens: where each tier begins, the first at 0
/// @param pricesPer1000: FLOW for 1,000 rated tokens in each tier
transaction(name: String, fromMicrotokens: [UInt64], pricesPer1000: [UFix64]) {

    prepare(signer: auth(BorrowValue) &Account) {
        let provider = signer.storage.borrow<&UsageBasedSubscriptions.Provider>(
            from: UsageBasedSubscriptions.ProviderStoragePath
        ) ?? panic("The signer is not the provider")
        let tiers: [UsageBasedSubscriptions.Tier] = []
        for number, start in fromMicrotokens {
            tiers.append(UsageBasedSubscriptions.Tier(fromMicrotokens: start, pricePer1000: pricesPer1000[number]))
        }
        provider.addPlan(name: name, tiers: tiers)
    }
}
