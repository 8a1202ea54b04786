import "UsageBasedSubscriptions"

/// All FLOW in the contract, and how much of it is revenue that the provider may take; the rest is balances.
access(all) fun main(): {String: UFix64} {
    return {
        "balance": UsageBasedSubscriptions.vaultBalance(),
        "unclaimedRevenue": UsageBasedSubscriptions.unclaimedRevenue
    }
}
