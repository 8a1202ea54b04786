import "FlareOracleVerifier"
import "UsageBasedSubscriptions"

/// What the contracts keep of a voting round and of the statement that was proven in it.
access(all) struct Confirmed {
    /// The confirmed root of the round, 64 hex digits; nil if there is none or it is no longer kept.
    access(all) let root: String?
    /// Root over the settlement pages of the statement, 64 hex digits; nil if it was not delivered or is no longer kept.
    access(all) let settlementRoot: String?
    /// Sum of all subscriptions' totals in the statement, in rated micro-tokens; nil like its root.
    access(all) let totalMicrotokens: UInt256?
    /// How many voting rounds a reward epoch has.
    access(all) let roundsPerRewardEpoch: UInt64
    /// The id of the chain whose voters sign.
    access(all) let sourceChainId: UInt256

    init(votingRound: UInt64, epoch: UInt64) {
        let statement = UsageBasedSubscriptions.statement(epoch: epoch)
        self.root = FlareOracleVerifier.root(votingRound: votingRound)
        self.settlementRoot = statement?.settlementRoot
        self.totalMicrotokens = statement?.totalMicrotokens
        self.roundsPerRewardEpoch = FlareOracleVerifier.roundsPerRewardEpoch
        self.sourceChainId = FlareOracleVerifier.sourceChainId
    }
}

/// What is confirmed of a voting round and of a statement.
access(all) fun main(votingRound: UInt64, epoch: UInt64): Confirmed {
    return Confirmed(votingRound: votingRound, epoch: epoch)
}
