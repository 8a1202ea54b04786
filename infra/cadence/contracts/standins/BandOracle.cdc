import "FungibleToken"

/// Stands in for Band's price oracle on the emulator, behind the same interface. Anybody may set a price here.
access(all) contract BandOracle {

    access(self) let prices: {String: Price}
    access(self) var fee: UFix64

    /// A price in dollars, and when it was updated.
    access(all) struct Price {
        access(all) let dollars: UFix64
        access(all) let timestamp: UInt64

        view init(dollars: UFix64, timestamp: UInt64) {
            self.dollars = dollars
            self.timestamp = timestamp
        }
    }

    /// The price of one symbol in another, and when each was last updated.
    access(all) struct ReferenceData {
        access(all) var integerE18Rate: UInt256
        access(all) var fixedPointRate: UFix64
        access(all) var baseTimestamp: UInt64
        access(all) var quoteTimestamp: UInt64

        view init(fixedPointRate: UFix64, baseTimestamp: UInt64, quoteTimestamp: UInt64) {
            self.integerE18Rate = UInt256(fixedPointRate * 100_000_000.0) * 10_000_000_000
            self.fixedPointRate = fixedPointRate
            self.baseTimestamp = baseTimestamp
            self.quoteTimestamp = quoteTimestamp
        }
    }

    /// The price of the base in dollars; the quote is always `USD` here.
    access(all) fun getReferenceData(
        baseSymbol: String,
        quoteSymbol: String,
        payment: @{FungibleToken.Vault}
    ): ReferenceData {
        pre {
            self.prices[baseSymbol] != nil: "BandOracle: there is no price of \(baseSymbol)"
            quoteSymbol == "USD": "BandOracle: this stand-in quotes in USD only"
            payment.balance >= self.fee: "BandOracle: the payment is less than the fee"
        }
        destroy payment
        let price = self.prices[baseSymbol]!
        return ReferenceData(
            fixedPointRate: price.dollars,
            baseTimestamp: price.timestamp,
            quoteTimestamp: UInt64(getCurrentBlock().timestamp)
        )
    }

    /// FLOW that a request costs.
    access(all) view fun getFee(): UFix64 {
        return self.fee
    }

    /// Sets a price in dollars, as of a time in Unix seconds.
    access(all) fun setPrice(_ symbol: String, dollars: UFix64, timestamp: UInt64) {
        self.prices[symbol] = Price(dollars: dollars, timestamp: timestamp)
    }

    init() {
        self.prices = {}
        self.fee = 0.0
    }
}
