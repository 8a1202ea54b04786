import "BandOracle"
import "FungibleToken"
import "SubscriptionCustody"

/// Reads what a token is worth in dollars from Band's oracle, and records it where plans in dollars are charged.
///
/// A price that is too old, or too far from the last one, is refused. Plans in dollars wait then; plans in the token go
/// on, because nothing else imports the oracle.
access(all) contract DollarRates {

    /* --- EVENTS --- */

    /// The rate was read: dollars for one token, updated by the oracle at `updatedAt`.
    access(all) event RateRead(rate: UFix64, updatedAt: UInt64)

    /* --- CONFIGURATION, set at deployment for good --- */

    /// The oracle's symbol of the token.
    access(all) let symbol: String
    /// The oldest price that is used, in seconds.
    access(all) let ageSecondsMax: UFix64
    /// The most by which the rate may differ from the last one, as a part of it, for every hour since. A real jump is
    /// followed after some hours, and a false one is not believed at once.
    access(all) let jumpPerHourMax: UFix64

    /* --- PUBLIC FUNCTIONS --- */

    /// Reads the rate and records it as of this moment. Anyone may call this, before settling a page with plans in
    /// dollars in the same transaction.
    ///
    /// @param payment: the oracle's fee in FLOW, `BandOracle.getFee()`
    access(all) fun update(payment: @{FungibleToken.Vault}) {
        let answer = BandOracle.getReferenceData(baseSymbol: self.symbol, quoteSymbol: "USD", payment: <-payment)
        let rate = answer.fixedPointRate
        let now = getCurrentBlock().timestamp
        assert(
            UFix64(answer.baseTimestamp) + self.ageSecondsMax >= now,
            message: "DollarRates: the price of \(self.symbol) is of \(answer.baseTimestamp), more than \(self.ageSecondsMax) seconds ago"
        )
        assert(rate > 0.0, message: "DollarRates: the price of \(self.symbol) is 0")
        if let last = SubscriptionCustody.rate {
            let hours = 1.0 + (now - last.readAt) / 3_600.0
            let allowed = last.dollars.saturatingMultiply(self.jumpPerHourMax.saturatingMultiply(hours))
            let jump: UFix64 = rate > last.dollars ? rate - last.dollars : last.dollars - rate
            assert(
                jump <= allowed,
                message: "DollarRates: the price of \(self.symbol) went from \(last.dollars) to \(rate), more than the \(allowed) allowed since the last time"
            )
        }
        SubscriptionCustody.noteRate(rate)
        emit RateRead(rate: rate, updatedAt: answer.baseTimestamp)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    init(symbol: String, ageSecondsMax: UFix64, jumpPerHourMax: UFix64) {
        self.symbol = symbol
        self.ageSecondsMax = ageSecondsMax
        self.jumpPerHourMax = jumpPerHourMax
    }
}
