/// Remembers when announced triggers take effect, for a contract that charges for what they deliver: whoever opens
/// something there must still be able to leave before a trigger takes effect.
///
/// The contract imports nothing, so that opening needs no code of the oracle.
access(all) contract TriggerNotices {

    /// When a trigger takes effect.
    access(all) struct Notice {
        /// Name and version, `statement/2`.
        access(all) let triggerId: String
        /// From when on deliveries are taken, in seconds since 1970.
        access(all) let effectiveAt: UFix64
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(triggerId: String, effectiveAt: UFix64) {
            self.triggerId = triggerId
            self.effectiveAt = effectiveAt
            self.extension = nil
        }
    }

    /// The triggers of one handler that are announced and not in effect yet.
    access(all) struct Notices {
        /// How long before a trigger takes effect nobody can open any more, because leaving takes so long.
        access(all) let leavingSeconds: UFix64
        /// Whether a first trigger was announced. It keeps nobody from opening, since nobody could be there before it.
        access(self) var isFirstAnnounced: Bool
        /// In the order in which they take effect.
        access(self) var pending: [Notice]
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        init(leavingSeconds: UFix64) {
            self.leavingSeconds = leavingSeconds
            self.isFirstAnnounced = false
            self.pending = []
            self.extension = nil
        }

        /// Remembers a trigger, and forgets those that are in effect.
        access(account) fun add(triggerId: String, effectiveAt: UFix64) {
            if !self.isFirstAnnounced {
                self.isFirstAnnounced = true
                return
            }
            let now = getCurrentBlock().timestamp
            while self.pending.length > 0 && self.pending[0].effectiveAt <= now {
                self.pending.removeFirst()
            }
            self.pending.append(Notice(triggerId: triggerId, effectiveAt: effectiveAt))
        }

        /// The next trigger, if it takes effect before somebody who opens now could leave; else nil.
        access(all) view fun takingEffect(): String? {
            if self.pending.length > 0 {
                let now = getCurrentBlock().timestamp
                for notice in self.pending {
                    if notice.effectiveAt > now {
                        return notice.effectiveAt < now + self.leavingSeconds ? notice.triggerId : nil
                    }
                }
            }
            return nil
        }
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }
}
