import "SubscriptionCustody"

/// All tokens in custody, and how much of that is revenue; the rest is balances.
access(all) fun main(): {String: UFix64} {
    return {
        "balance": SubscriptionCustody.vaultBalance(),
        "unclaimedRevenue": SubscriptionCustody.revenue.unclaimed
    }
}
