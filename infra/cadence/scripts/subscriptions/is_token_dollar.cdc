import "SubscriptionCustody"

/// Whether a token of the deposits is worth a dollar by definition, so that plans in dollars need no rate.
access(all) fun main(): Bool {
    return SubscriptionCustody.isTokenDollar
}
