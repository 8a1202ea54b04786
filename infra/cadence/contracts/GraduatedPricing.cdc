/// What a cumulative total of usage costs, by graduated tiers: each tier has a price for the part of the total that lies
/// in it. The cost of a total is exact; it is rounded down once, when it becomes an amount of money.
///
/// The contract keeps no state and imports nothing: all of it is arithmetic.
///
/// UNITS
/// A total is in rated micro-tokens. A price is in the plan's currency for 1,000 tokens. A cost is a whole number of
/// 1e-17 of the currency, because a price has 8 decimals and 1,000 tokens are 1e9 micro-tokens.
access(all) contract GraduatedPricing {

    /* --- CONSTANTS --- */

    /// The highest price for 1,000 tokens. It keeps the price of every total below the largest UFix64.
    access(all) view fun priceMax(): UFix64 { return 10.0 }
    /// The most tiers that a tariff may have.
    access(all) view fun tiersMax(): Int { return 16 }

    /* --- STRUCTS --- */

    /// One price, for the part of a total that lies below `endTokens` and not below the end of the tier before.
    access(all) struct Tier {
        /// The first token of the next tier; nil in the last tier, which has no end.
        access(all) let endTokens: UInt64?
        /// Currency for 1,000 rated tokens.
        access(all) let price: UFix64

        view init(endTokens: UInt64?, price: UFix64) {
            self.endTokens = endTokens
            self.price = price
        }
    }

    /// The straight line on which the costs of one tier lie: `intercept + total x slope`, in 1e-17 of the currency.
    access(all) struct Line {
        /// The first total, in micro-tokens, that lies in the next tier; the largest UInt64 in the last tier.
        access(all) let end: Int128
        /// Price of one micro-token.
        access(all) let slope: Int128
        /// Constant term: cost of the lower tiers minus their tokens at this tier's price.
        access(all) let intercept: Int128

        view init(end: Int128, slope: Int128, intercept: Int128) {
            self.end = end
            self.slope = slope
            self.intercept = intercept
        }
    }

    /// The prices of a plan, prepared for finding the line of a total by four comparisons.
    access(all) struct Tariff {
        /// Sixteen lines of 256 bits, packed, by rising end. The last line fills
        /// the places that are left. Arithmetic on one large number costs nothing, and every read of a list would: the
        /// worst page of a settlement would be too dear otherwise.
        access(self) let packed: UInt
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        /// @param tiers: 1 to `tiersMax`, by rising end; the last has no end
        view init(tiers: [Tier]) {
            pre {
                tiers.length >= 1 && tiers.length <= GraduatedPricing.tiersMax():
                    "GraduatedPricing: a plan has 1 to \(GraduatedPricing.tiersMax()) tiers, not \(tiers.length)"
                tiers[tiers.length - 1].endTokens == nil: "GraduatedPricing: the last tier must have no end"
            }
            var packed: UInt = 0
            var place = 0
            var start: Int128 = 0
            var intercept: Int128 = 0
            var previousSlope: Int128 = 0
            for position, tier in tiers {
                assert(
                    tier.price <= GraduatedPricing.priceMax(),
                    message: "GraduatedPricing: a price is at most \(GraduatedPricing.priceMax()), not \(tier.price)"
                )
                let isLast = position == tiers.length - 1
                let end = isLast ? Int128(UInt64.max) : Int128(tier.endTokens ?? 0) * 1_000_000
                assert(
                    end > start && end <= Int128(UInt64.max),
                    message: "GraduatedPricing: the ends of the tiers must rise, and only the last tier has none"
                )
                let slope = Int128(tier.price * 100_000_000.0)
                intercept = intercept + start * (previousSlope - slope)
                let line = UInt(GraduatedPricing.packed(end: end, slope: slope, intercept: intercept))
                let next = isLast ? GraduatedPricing.tiersMax() : position + 1
                while place < next {
                    packed = packed | line << UInt(256 * place)
                    place = place + 1
                }
                start = end
                previousSlope = slope
            }
            self.packed = packed
            self.extension = nil
        }

        /// Exact cost of a total, in 1e-17 of the currency.
        access(all) view fun cost(_ total: Int128): Int128 {
            let line = self.find(total)
            return Int128(Int(line >> 128) - 0x8000_0000_0000_0000_0000_0000_0000_0000)
                + total * Int128(line >> 64 & 0xffff_ffff_ffff_ffff)
        }

        /// The line of the tier that a total lies in.
        access(all) view fun line(_ total: Int128): Line {
            return GraduatedPricing.unpacked(self.find(total))
        }

        /// Price of a total: its cost rounded down to 1e-8.
        access(all) view fun price(_ microtokens: UInt64): UFix64 {
            return GraduatedPricing.rounded(self.cost(Int128(microtokens)))
        }

        /// The tiers that the tariff was made from.
        access(all) view fun tiers(): [Tier] {
            var tiers: [Tier] = []
            for line in self.lines() {
                tiers = tiers.concat([
                    Tier(
                        endTokens: line.end == Int128(UInt64.max) ? nil : UInt64(line.end / 1_000_000),
                        price: UFix64(line.slope) * 0.00000001
                    )
                ])
            }
            return tiers
        }

        /// Whether no token costs more here than on another tariff, wherever in the total it lies.
        access(all) view fun isNowhereDearer(than other: &Tariff): Bool {
            for line in self.lines().concat(other.lines()) {
                if self.line(line.end - 1).slope > other.line(line.end - 1).slope {
                    return false
                }
            }
            return true
        }

        access(self) view fun lines(): [Line] {
            var lines: [Line] = []
            var rest = self.packed
            var end: Int128 = 0
            while end < Int128(UInt64.max) {
                let line = GraduatedPricing.unpacked(rest & UInt(UInt256.max))
                lines = lines.concat([line])
                end = line.end
                rest = rest / (1 << 256)
            }
            return lines
        }

        /// The packed line of the tier that a total lies in. It divides where it could shift, because Cadence's metering
        /// of memory fails at long shifts to the right.
        access(self) view fun find(_ total: Int128): UInt {
            let lines = self.packed
            let wanted = UInt(total)
            let one: UInt = 1
            let by8: UInt = wanted < lines / (one << 1_792) & 0xffff_ffff_ffff_ffff ? 0 : 8
            let by4 = wanted < lines / (one << (by8 * 256 + 768)) & 0xffff_ffff_ffff_ffff ? by8 : by8 + 4
            let by2 = wanted < lines / (one << (by4 * 256 + 256)) & 0xffff_ffff_ffff_ffff ? by4 : by4 + 2
            let tier = wanted < lines / (one << (by2 * 256)) & 0xffff_ffff_ffff_ffff ? by2 : by2 + 1
            return lines / (one << (tier * 256)) & 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff_ffff
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// A line in 256 bits: end (64), slope (64), intercept + 2^127 (128).
    access(all) view fun packed(end: Int128, slope: Int128, intercept: Int128): UInt256 {
        return UInt256(end)
            | UInt256(slope) << 64
            | UInt256(Int256(intercept) + 0x8000_0000_0000_0000_0000_0000_0000_0000) << 128
    }

    /// The line that was packed.
    access(contract) view fun unpacked(_ line: UInt): Line {
        return Line(
            end: Int128(line & 0xffff_ffff_ffff_ffff),
            slope: Int128(line >> 64 & 0xffff_ffff_ffff_ffff),
            intercept: Int128(Int(line >> 128) - 0x8000_0000_0000_0000_0000_0000_0000_0000)
        )
    }

    /// A cost as money: rounded down to 1e-8. A cost below zero is nothing.
    access(all) view fun rounded(_ cost: Int128): UFix64 {
        return cost < 0
            ? 0.0
            : UFix64(cost / 100_000_000_000_000_000) + UFix64(cost / 1_000_000_000 % 100_000_000) * 0.00000001
    }

    /// Money as a cost.
    access(all) view fun cost(of amount: UFix64): Int128 {
        let whole = Int128(amount)
        return (whole * 100_000_000 + Int128((amount - UFix64(whole)) * 100_000_000.0)) * 1_000_000_000
    }

    /// Price of a total, computed tier by tier: the reference that `Tariff.price` must equal.
    access(all) view fun referencePrice(_ microtokens: UInt64, tiers: [Tier]): UFix64 {
        var cost: Int128 = 0
        var start: Int128 = 0
        let total = Int128(microtokens)
        for tier in tiers {
            let tierEnd = tier.endTokens == nil ? total : Int128(tier.endTokens!) * 1_000_000
            let end = total < tierEnd ? total : tierEnd
            if end <= start {
                break
            }
            cost = cost + (end - start) * Int128(tier.price * 100_000_000.0)
            start = end
        }
        return self.rounded(cost)
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }
}
