import "FlareOracleVerifier"

/// Settlement pages: which attested statement a page belongs to, and how a page is written and proven.
///
/// A statement carries one settlement root. It commits to pages of (subscription id, cumulative total), which are text:
///
///     flareflow-page/1 A.f8d6e0586b0a20c7.UsageBasedSubscriptions epoch 5949 page 0
///     1:5000000000
///     2:150000000000
///
/// The first line names the contract that the page is for, so that it passes in no other contract.
access(all) contract SettlementPages {

    /* --- CONSTANTS --- */

    /// Position of the settlement root among the attested words of a statement.
    access(all) view fun rootWord(): Int { return 4 }
    /// Position of the sum of all subscriptions' totals, in rated micro-tokens.
    access(all) view fun totalWord(): Int { return 6 }
    /// How many statements are kept: those of a week, at five minutes each. A statement replaces the one that many
    /// epochs before it.
    access(all) view fun statementsKept(): UInt64 { return 2_016 }

    /* --- STRUCTS --- */

    /// What is kept of an attested statement.
    access(all) struct Statement {
        /// The epoch that the statement closes.
        access(all) let epoch: UInt64
        /// Root over the pages, 64 hex digits.
        access(all) let settlementRoot: String
        /// Sum of all subscriptions' cumulative totals, in rated micro-tokens.
        access(all) let totalMicrotokens: UInt256
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        view init(epoch: UInt64, words: [UInt256]) {
            self.epoch = epoch
            self.settlementRoot = String.encodeHex(words[SettlementPages.rootWord()].toBigEndianBytes())
            self.totalMicrotokens = words[SettlementPages.totalWord()]
            self.extension = nil
        }
    }

    /// The attested statements of one contract, each in the place of its epoch modulo `statementsKept`.
    access(all) struct Statements {
        /// Seconds of an epoch: epoch number n ends at (n + 1) x `epochSeconds`.
        access(all) let epochSeconds: UInt64
        access(self) let kept: {UInt64: Statement}
        /// Reserved: a stored struct can never get another field.
        access(self) let extension: {String: AnyStruct}?

        init(epochSeconds: UInt64) {
            pre {
                epochSeconds > 0: "SettlementPages.Statements: an epoch must last at least a second"
            }
            self.epochSeconds = epochSeconds
            self.kept = {}
            self.extension = nil
        }

        /// Keeps a statement. Refuses an epoch that has not ended, since it would block its place until then, and one
        /// that is not later than the epoch in its place.
        ///
        /// @param words: the attested words of the statement
        access(account) fun keep(epoch: UInt64, words: [UInt256]): Statement {
            SettlementPages.requireEnded(epoch: epoch, epochSeconds: self.epochSeconds)
            let place = epoch % SettlementPages.statementsKept()
            if let present = self.kept[place] {
                assert(
                    present.epoch < epoch,
                    message: "SettlementPages: epoch \(epoch) comes too late, the place is taken by epoch \(present.epoch)"
                )
            }
            let statement = Statement(epoch: epoch, words: words)
            self.kept[place] = statement
            return statement
        }

        /// The statement of an epoch; nil if none was attested or it is no longer kept.
        access(all) view fun statement(_ epoch: UInt64): Statement? {
            if let present = self.kept[epoch % SettlementPages.statementsKept()] {
                return present.epoch == epoch ? present : nil
            }
            return nil
        }

        /// The epoch that is running now.
        access(all) view fun currentEpoch(): UInt64 {
            return SettlementPages.currentEpoch(epochSeconds: self.epochSeconds)
        }
    }

    /* --- PUBLIC FUNCTIONS --- */

    /// Panics unless a page belongs to a statement.
    ///
    /// @param contractType: type of the contract that the page is for
    /// @param ids: the subscriptions on the page, in its order
    /// @param ratedMicrotokens: the cumulative total of each
    /// @param path: siblings from the page up to the root, 32 bytes each, hex
    access(all) fun requirePage(
        of statement: Statement,
        contractType: Type,
        page: UInt64,
        ids: [UInt64],
        ratedMicrotokens: [UInt64],
        path: [String]
    ) {
        pre {
            ids.length == ratedMicrotokens.length:
                "SettlementPages: \(ids.length) ids but \(ratedMicrotokens.length) totals"
        }
        let epoch = statement.epoch
        let head = "flareflow-page/1 \(contractType.identifier) epoch \(epoch) page \(page)"
        let lines = ids.map(fun (subscriptionId: UInt64): String {
            return "\(subscriptionId):\(ratedMicrotokens.removeFirst())"
        })
        let text = String.join([head].concat(lines), separator: "\n")
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(text.utf8))
        assert(
            FlareOracleVerifier.foldPath(leaf: leaf, path: path) == statement.settlementRoot,
            message: "SettlementPages: page \(page) does not belong to the settlement root of epoch \(epoch)"
        )
    }

    /// Panics if the totals of a page sum to more than the statement says of all subscriptions together.
    access(all) view fun requireClaim(of statement: Statement, page: UInt64, claimedMicrotokens: Int128) {
        assert(
            UInt256(claimedMicrotokens) <= statement.totalMicrotokens,
            message: "SettlementPages: page \(page) claims \(claimedMicrotokens) micro-tokens, more than the \(statement.totalMicrotokens) of its statement"
        )
    }

    /// The epoch that is running now.
    access(all) view fun currentEpoch(epochSeconds: UInt64): UInt64 {
        return UInt64(getCurrentBlock().timestamp) / epochSeconds
    }

    /// Panics unless an epoch has ended.
    access(all) view fun requireEnded(epoch: UInt64, epochSeconds: UInt64) {
        let current = self.currentEpoch(epochSeconds: epochSeconds)
        assert(
            epoch < current,
            message: "SettlementPages: epoch \(epoch) has not ended; the current epoch is \(current)"
        )
    }

    /// Version of this contract.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }
}
