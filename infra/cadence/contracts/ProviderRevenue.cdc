/// Keeps account of what was charged and is not yet paid out, and holds it back for a while, so that a wrong charge can
/// be given back from it. It counts money; it holds none.
access(all) contract ProviderRevenue {

    /// Length of the periods by which revenue is counted while it is held back: a day.
    access(all) view fun periodSeconds(): UFix64 { return 86_400.0 }

    /// The revenue of one contract.
    access(all) struct Revenue {
        /// All that was charged and is neither paid out nor given back.
        access(all) var unclaimed: UFix64
        /// For how long a charge is held back after the end of its period; 0 holds nothing back.
        access(all) let delaySeconds: UFix64
        /// What was charged in each of the periods that are held back, by the period's number.
        access(self) let held: {UInt64: UFix64}
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        init(delaySeconds: UFix64) {
            self.unclaimed = 0.0
            self.delaySeconds = delaySeconds
            self.held = {}
            self.extension = nil
        }

        /// What may be paid out now. What was given back is taken from this part first.
        access(all) view fun claimable(): UFix64 {
            var held = 0.0
            for period in self.held {
                held = held + (self.isHeld(period) ? self.held[period]! : 0.0)
            }
            return self.unclaimed.saturatingSubtract(held)
        }

        /// Adds a charge, and forgets the periods that are no longer held back when a new one begins.
        access(account) fun add(_ charged: UFix64) {
            self.unclaimed = self.unclaimed + charged
            if charged == 0.0 || self.delaySeconds == 0.0 {
                return
            }
            let period = UInt64(getCurrentBlock().timestamp / ProviderRevenue.periodSeconds())
            if self.held[period] == nil {
                let periods = self.held.keys
                for earlier in periods {
                    if !self.isHeld(earlier) {
                        self.held.remove(key: earlier)
                    }
                }
            }
            self.held[period] = (self.held[period] ?? 0.0) + charged
        }

        /// Removes what is paid out or given back.
        access(account) fun remove(_ amount: UFix64) {
            self.unclaimed = self.unclaimed - amount
        }

        access(self) view fun isHeld(_ period: UInt64): Bool {
            let end = UFix64(period + 1) * ProviderRevenue.periodSeconds()
            return getCurrentBlock().timestamp < end + self.delaySeconds
        }
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }
}
