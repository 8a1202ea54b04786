import "FlareSignatures"

/// A light client of the Flare network: it knows what Flare's voters have signed, and needs nobody's word for it.
///
/// LIFECYCLE
/// - The contract is deployed with one trusted signing policy. It has no administrator.
/// - `rollSigningPolicy` confirms the next policy when a quorum of the newest one has signed it.
/// - `confirmRoot` confirms the Merkle root of a voting round when a quorum of the policy of that round has signed it.
/// - `verify` shows that a response of the Flare Data Connector belongs to a confirmed root.
///
/// Anyone may call each of these. The rules are those of Flare's `Relay`, except for the following.
///
/// STRICTER THAN THE RELAY
/// None of these rules can stop the light client for good.
/// - An address that stands twice in a policy counts once, with its first weight, unless that leaves no quorum.
/// - A root of zero is refused; other rounds are not affected.
/// - Beyond its own reward epoch, a policy confirms nothing before the next one is rolled. The Relay lets it go on with
///   120 percent of the threshold, because it knows whether there is a next policy; a light client may be behind.
/// - A message is too old by the clock of this chain too, not only by the newest policy known (`messageWindow`).
/// - A round that has not begun is refused.
/// A voter with the address 0, a policy that does not start after the previous one, and a signature with a high s are
/// treated as in the Relay.
///
/// HASH SCHEMES
/// Flare announced contracts that put the id of their chain into everything that is signed (`FlareSignatures`).
/// Signatures in that scheme always count. Signatures in the older one could have been made for another network, so
/// they stop counting once a quorum has used the chain-bound scheme:
/// - for roots, from the reward epoch of that quorum on;
/// - for policies, from the second reward epoch after it on. The next policy may have been signed before Flare changed
///   its Relay, or while it did, so its signatures count in either scheme, also mixed.
/// If Flare takes the change back, no quorum uses the chain-bound scheme any more. `olderSchemeReturnsAfter` seconds
/// after the newest voting round that did, the older scheme counts again. Nobody has to do anything for that; whoever
/// wants to prevent it brings one of the roots that Flare signs every 90 seconds.
access(all) contract FlareOracleVerifier {

    /* --- EVENTS --- */

    /// A signing policy was confirmed: the trusted first one, or one that a quorum of the policy before it signed.
    access(all) event SigningPolicyConfirmed(
        rewardEpoch: UInt64, startVotingRound: UInt64, voters: Int, threshold: UInt64, isChainBound: Bool
    )
    /// A quorum used the chain-bound scheme; from this reward epoch on, roots in the older scheme are refused.
    access(all) event ChainBindingBegan(rewardEpoch: UInt64)
    /// No quorum used the chain-bound scheme for so long that the older scheme counted again, in this reward epoch.
    access(all) event OlderSchemeReturned(rewardEpoch: UInt64)
    /// The Merkle root of a voting round was confirmed.
    access(all) event RootConfirmed(votingRound: UInt64, root: String, rewardEpoch: UInt64, weight: UInt64)

    /* --- CONSTANTS --- */

    /// protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32)
    access(all) view fun messageBytes(): Int { return 38 }
    /// The largest number of siblings in a Merkle path.
    access(all) view fun pathNodesMax(): Int { return 32 }

    /* --- CONFIGURATION, fixed at deployment --- */

    /// The protocol whose messages count: 200, the Flare Data Connector.
    access(all) let protocolId: UInt64
    /// The id of the chain whose voters sign: 14 for Flare, 114 for Coston2.
    access(all) let sourceChainId: UInt256
    /// When voting round 0 began, in seconds since 1970.
    access(all) let firstRoundStart: UInt64
    /// How long a voting round is, in seconds.
    access(all) let roundSeconds: UInt64
    /// How many voting rounds a reward epoch has.
    access(all) let roundsPerRewardEpoch: UInt64
    /// How many reward epochs a message may be older than the current one: the Relay's rule "message too old".
    access(all) let messageWindow: UInt64
    /// How many seconds after the newest chain-bound voting round the older hash scheme counts again.
    access(all) let olderSchemeReturnsAfter: UInt64
    /// How many rounds a root is kept: it is replaced by the root of the round that many later.
    access(all) let rootsKept: UInt64

    /* --- STATE --- */

    /// The reward epoch of the newest signing policy.
    access(all) var latestRewardEpoch: UInt64
    /// The reward epoch from which on roots must be signed in the chain-bound scheme.
    access(all) var chainBoundRootsFrom: UInt64
    /// The reward epoch from which on policies must be signed in the chain-bound scheme.
    access(all) var chainBoundPoliciesFrom: UInt64
    /// The newest voting round whose root, or whose policy's start, was signed in the chain-bound scheme.
    access(all) var newestChainBoundRound: UInt64
    /// The newest signing policies by reward epoch: `messageWindow` and one.
    access(self) let policies: {UInt64: FlareSignatures.SigningPolicy}
    /// Confirmed roots by voting round modulo `rootsKept`.
    access(self) let roots: {UInt64: ConfirmedRoot}
    /// Reserved: a deployed contract cannot get new fields.
    access(self) let extension: {String: AnyStruct}

    /* --- STRUCTS --- */

    /// A root and its voting round.
    access(all) struct ConfirmedRoot {
        /// The voting round.
        access(all) let votingRound: UInt64
        /// 64 hex digits.
        access(all) let root: String

        view init(votingRound: UInt64, root: String) {
            self.votingRound = votingRound
            self.root = root
        }
    }

    /// What an operator wants to know of the light client.
    access(all) struct Status {
        /// The reward epoch of the newest policy.
        access(all) let latestRewardEpoch: UInt64
        /// The reward epoch that should run now; if it is higher than the one above, policies have to be rolled.
        access(all) let currentRewardEpoch: UInt64
        /// The first voting round of the newest policy.
        access(all) let startVotingRound: UInt64
        /// The weight that a quorum must exceed.
        access(all) let threshold: UInt64
        /// The number of voters.
        access(all) let voters: Int
        /// Whether their roots count in the chain-bound scheme only.
        access(all) let isChainBound: Bool

        view init(policy: &FlareSignatures.SigningPolicy, currentRewardEpoch: UInt64, isChainBound: Bool) {
            self.latestRewardEpoch = policy.rewardEpoch
            self.currentRewardEpoch = currentRewardEpoch
            self.startVotingRound = policy.startVotingRound
            self.threshold = policy.threshold
            self.voters = policy.voters.length
            self.isChainBound = isChainBound
        }
    }

    /* --- POLICIES --- */

    /// Confirms the signing policy of the next reward epoch, signed by a quorum of the newest one known.
    ///
    /// A light client that is several policies behind is rolled one by one; no policy is ever too old for that.
    ///
    /// @param policy: the new policy as the Relay has it, hex
    /// @param signatures: v(1) r(32) s(32) index(2) of each signer, in the order of their indices, hex
    access(all) fun rollSigningPolicy(policy: String, signatures: String) {
        let previous = self.borrowPolicy(self.latestRewardEpoch)
        let next = FlareSignatures.SigningPolicy(encoded: policy)
        assert(
            next.rewardEpoch == previous.rewardEpoch + 1,
            message: "FlareOracleVerifier.rollSigningPolicy: the next policy is that of reward epoch \(previous.rewardEpoch + 1), not of \(next.rewardEpoch)"
        )
        let isChainBound = self.requirePolicyQuorum(policy, signatures: signatures, previous: previous)
        if isChainBound {
            let from = next.rewardEpoch
            self.rememberChainBinding(round: next.startVotingRound, rootsFrom: from, policiesFrom: from)
        } else if next.rewardEpoch >= self.chainBoundPoliciesFrom {
            self.forgetChainBinding(rewardEpoch: next.rewardEpoch)
        }
        self.keep(next)
    }

    /// Panics unless a quorum of the previous policy signed a policy. Returns whether all signatures are chain-bound.
    access(self) fun requirePolicyQuorum(
        _ policy: String, signatures: String, previous: &FlareSignatures.SigningPolicy
    ): Bool {
        let hash = FlareSignatures.policyHash(policy, chainId: self.sourceChainId)
        let chainBound = FlareSignatures.recoverSigners(hash: hash, signatures: signatures)
        if self.isOlderSchemeRefused(previous.rewardEpoch + 1, from: self.chainBoundPoliciesFrom) {
            FlareSignatures.requireQuorum(chainBound, policy: previous)
            return true
        }
        let olderHash = FlareSignatures.policyHash(policy, chainId: nil)
        let older = FlareSignatures.recoverSigners(hash: olderHash, signatures: signatures)
        let signers: [UInt256] = []
        var isChainBound = true
        for position, signer in chainBound {
            if FlareSignatures.isVoter(signer, policy: previous) {
                signers.append(signer)
            } else {
                signers.append(older[position])
                isChainBound = false
            }
        }
        FlareSignatures.requireQuorum(signers, policy: previous)
        return isChainBound
    }

    access(self) fun keep(_ policy: FlareSignatures.SigningPolicy) {
        self.latestRewardEpoch = policy.rewardEpoch
        self.policies[policy.rewardEpoch] = policy
        if policy.rewardEpoch > self.messageWindow {
            self.policies.remove(key: policy.rewardEpoch - self.messageWindow - 1)
        }
        emit SigningPolicyConfirmed(
            rewardEpoch: policy.rewardEpoch,
            startVotingRound: policy.startVotingRound,
            voters: policy.voters.length,
            threshold: policy.threshold,
            isChainBound: self.isChainBound(policy.rewardEpoch)
        )
    }

    /* --- ROOTS --- */

    /// Confirms the Merkle root of a voting round. A round gets one root, once.
    ///
    /// @param rewardEpoch: the reward epoch of the signing policy whose voters signed
    /// @param message: protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32), hex
    /// @param signatures: v(1) r(32) s(32) index(2) of each signer, in the order of their indices, hex
    access(all) fun confirmRoot(rewardEpoch: UInt64, message: String, signatures: String) {
        pre {
            message.length == 2 * self.messageBytes():
                "FlareOracleVerifier.confirmRoot: a message has \(self.messageBytes()) bytes, not \(message.length / 2)"
        }
        let bytes = message.decodeHex()
        let protocol = UInt64(bytes[0])
        assert(
            protocol == self.protocolId,
            message: "FlareOracleVerifier.confirmRoot: the message is of protocol \(protocol), not of \(self.protocolId)"
        )
        let round = UInt64(FlareSignatures.number(&bytes as &[UInt8], from: 1, upTo: 5))
        let root = FlareSignatures.number(&bytes as &[UInt8], from: 6, upTo: 38)
        assert(root != 0, message: "FlareOracleVerifier.confirmRoot: the root of round \(round) is zero")
        self.requireUnconfirmed(round)
        self.requireRecent(round)
        let policy = self.borrowPolicy(rewardEpoch)
        self.requireRoundOf(policy, round: round)

        let weight = self.requireRootQuorum(message, signatures: signatures, round: round, policy: policy)
        let confirmed = ConfirmedRoot(votingRound: round, root: FlareSignatures.word(root))
        self.roots[round % self.rootsKept] = confirmed
        emit RootConfirmed(votingRound: round, root: confirmed.root, rewardEpoch: rewardEpoch, weight: weight)
    }

    /// Panics if the round has its root already, or the root of a later round has its place.
    access(self) view fun requireUnconfirmed(_ round: UInt64) {
        if let kept = &self.roots[round % self.rootsKept] as &ConfirmedRoot? {
            assert(
                kept.votingRound != round,
                message: "FlareOracleVerifier.confirmRoot: round \(round) has its root already"
            )
            assert(
                kept.votingRound < round,
                message: "FlareOracleVerifier.confirmRoot: round \(round) is too old, the root of round \(kept.votingRound) is kept in its place"
            )
        }
    }

    /// Panics if the round has not begun, or lies more than `messageWindow` reward epochs before the current one.
    access(self) view fun requireRecent(_ round: UInt64) {
        let current = self.currentRound()
        assert(
            round <= current,
            message: "FlareOracleVerifier.confirmRoot: round \(round) has not begun, \(current) is the current one"
        )
        let rewardEpoch = round / self.roundsPerRewardEpoch
        let currentEpoch = current / self.roundsPerRewardEpoch
        assert(
            rewardEpoch + self.messageWindow >= currentEpoch,
            message: "FlareOracleVerifier.confirmRoot: round \(round) is too old, reward epoch \(rewardEpoch) is more than \(self.messageWindow) before \(currentEpoch)"
        )
    }

    /// Panics unless the voters of a policy sign the root of a round.
    access(self) view fun requireRoundOf(_ policy: &FlareSignatures.SigningPolicy, round: UInt64) {
        assert(
            round >= policy.startVotingRound,
            message: "FlareOracleVerifier.confirmRoot: the policy of reward epoch \(policy.rewardEpoch) starts in round \(policy.startVotingRound), after round \(round)"
        )
        let expected = round / self.roundsPerRewardEpoch
        assert(
            expected >= policy.rewardEpoch,
            message: "FlareOracleVerifier.confirmRoot: round \(round) lies in reward epoch \(expected), before \(policy.rewardEpoch)"
        )
        if expected > policy.rewardEpoch {
            let next = &self.policies[policy.rewardEpoch + 1] as &FlareSignatures.SigningPolicy?
                ?? panic("FlareOracleVerifier.confirmRoot: round \(round) lies in reward epoch \(expected), roll the policy of reward epoch \(policy.rewardEpoch + 1) first")
            assert(
                round < next.startVotingRound,
                message: "FlareOracleVerifier.confirmRoot: round \(round) belongs to the policy of reward epoch \(next.rewardEpoch)"
            )
        }
    }

    /// Panics unless a quorum of a policy signed a message; returns the weight of the signatures that make the quorum.
    ///
    /// A list has one hash scheme. Its first signature tells which.
    access(self) fun requireRootQuorum(
        _ message: String, signatures: String, round: UInt64, policy: &FlareSignatures.SigningPolicy
    ): UInt64 {
        let rewardEpoch = policy.rewardEpoch
        var isChainBound = self.isChainBound(rewardEpoch)
        var signers = self.recoverSigners(message, signatures: signatures, isChainBound: isChainBound)
        if !FlareSignatures.isVoter(signers[0], policy: policy) {
            let others = self.recoverSigners(message, signatures: signatures, isChainBound: !isChainBound)
            if FlareSignatures.isVoter(others[0], policy: policy) {
                assert(
                    !isChainBound,
                    message: "FlareOracleVerifier.confirmRoot: the signatures are in the older hash scheme, which does not count in reward epoch \(rewardEpoch)"
                )
                isChainBound = true
                signers = others
            }
        }
        let weight = FlareSignatures.requireQuorum(signers, policy: policy)
        if isChainBound {
            self.rememberChainBinding(round: round, rootsFrom: rewardEpoch, policiesFrom: rewardEpoch + 2)
        } else if rewardEpoch >= self.chainBoundRootsFrom {
            self.forgetChainBinding(rewardEpoch: rewardEpoch)
        }
        return weight
    }

    access(self) fun recoverSigners(_ message: String, signatures: String, isChainBound: Bool): [UInt256] {
        return FlareSignatures.recoverSigners(
            hash: FlareSignatures.messageHash(message, chainId: isChainBound ? self.sourceChainId : nil),
            signatures: signatures
        )
    }

    /* --- HASH SCHEMES --- */

    /// Whether signatures in the older scheme are refused for a reward epoch at or after `from`.
    access(self) view fun isOlderSchemeRefused(_ rewardEpoch: UInt64, from: UInt64): Bool {
        return rewardEpoch >= from
            && self.now() < self.startOf(votingRound: self.newestChainBoundRound) + self.olderSchemeReturnsAfter
    }

    /// Only a later round than all before prolongs the chain-bound scheme, so that nobody can do so with old roots.
    access(self) fun rememberChainBinding(round: UInt64, rootsFrom: UInt64, policiesFrom: UInt64) {
        if round <= self.newestChainBoundRound {
            return
        }
        self.newestChainBoundRound = round
        if policiesFrom < self.chainBoundPoliciesFrom {
            self.chainBoundPoliciesFrom = policiesFrom
        }
        if rootsFrom < self.chainBoundRootsFrom {
            self.chainBoundRootsFrom = rootsFrom
            emit ChainBindingBegan(rewardEpoch: rootsFrom)
        }
    }

    access(self) fun forgetChainBinding(rewardEpoch: UInt64) {
        self.chainBoundRootsFrom = UInt64.max
        self.chainBoundPoliciesFrom = UInt64.max
        emit OlderSchemeReturned(rewardEpoch: rewardEpoch)
    }

    /* --- PROOFS --- */

    /// Panics unless a response belongs to the confirmed root of a voting round.
    ///
    /// Flare attests the answer to any request, so the caller must compare the request in the response with its own.
    /// A response begins with the word 0x20, the offset of its one dynamic part. An inner node does not, since the hash
    /// on its left would have to be that number. Responses of other types of attestation, without a dynamic part, are refused.
    ///
    /// @param response: the whole ABI-encoded response, lower-case hex; it is hashed here
    /// @param proof: siblings from the response up to the root, 32 bytes each, lower-case hex
    access(all) view fun verify(votingRound: UInt64, response: String, proof: [String]) {
        pre {
            response > "0000000000000000000000000000000000000000000000000000000000000020"
                && response < "0000000000000000000000000000000000000000000000000000000000000021":
                "FlareOracleVerifier.verify: a response begins with the word 0x20; what does not could be an inner node"
        }
        let root = self.root(votingRound: votingRound)
            ?? panic("FlareOracleVerifier.verify: no root is confirmed for round \(votingRound)")
        let leaf = String.encodeHex(HashAlgorithm.KECCAK_256.hash(response.decodeHex()))
        assert(
            self.foldPath(leaf: leaf, path: proof) == root,
            message: "FlareOracleVerifier.verify: the response does not belong to the root of round \(votingRound)"
        )
    }

    /// The root that a leaf and its siblings lead to, in a tree that hashes sorted pairs by keccak256.
    ///
    /// A sibling that is not 32 bytes long is refused: a longer one could be an attested response without its end, in
    /// which somebody placed the hash of a response that was never attested.
    ///
    /// @param leaf: 32 bytes, lower-case hex; hash the content yourself, never take a leaf from a caller
    /// @param path: siblings from the bottom up, 32 bytes each, lower-case hex
    access(all) view fun foldPath(leaf: String, path: [String]): String {
        pre {
            path.length <= self.pathNodesMax():
                "FlareOracleVerifier.foldPath: a path has at most \(self.pathNodesMax()) nodes, not \(path.length)"
        }
        var node = leaf
        for sibling in path {
            let pair = (node < sibling ? "\(node)\(sibling)" : "\(sibling)\(node)").decodeHex()
            if pair.length != 64 {
                panic("FlareOracleVerifier.foldPath: a node has 32 bytes, not \(pair.length - 32)")
            }
            node = String.encodeHex(HashAlgorithm.KECCAK_256.hash(pair))
        }
        return node
    }

    /* --- VIEWS --- */

    /// The confirmed root of a round, 64 hex digits; nil if there is none or it is no longer kept.
    access(all) view fun root(votingRound: UInt64): String? {
        if let kept = &self.roots[votingRound % self.rootsKept] as &ConfirmedRoot? {
            return kept.votingRound == votingRound ? kept.root : nil
        }
        return nil
    }

    /// Whether roots of a reward epoch count in the chain-bound scheme only.
    access(all) view fun isChainBound(_ rewardEpoch: UInt64): Bool {
        return self.isOlderSchemeRefused(rewardEpoch, from: self.chainBoundRootsFrom)
    }

    /// The signing policy of a reward epoch; nil if it is not known or no longer kept.
    access(all) view fun signingPolicy(rewardEpoch: UInt64): FlareSignatures.SigningPolicy? {
        return self.policies[rewardEpoch]
    }

    /// The newest policy in short, and whether the light client is behind.
    access(all) view fun status(): Status {
        let policy = self.borrowPolicy(self.latestRewardEpoch)
        return Status(
            policy: policy,
            currentRewardEpoch: self.currentRound() / self.roundsPerRewardEpoch,
            isChainBound: self.isChainBound(policy.rewardEpoch)
        )
    }

    /// When a voting round begins, in seconds since 1970.
    access(all) view fun startOf(votingRound: UInt64): UInt64 {
        return self.firstRoundStart + votingRound * self.roundSeconds
    }

    /// What the voters of the epoch before sign to agree to a policy, hex.
    ///
    /// @param policy: the policy as the Relay has it, hex
    access(all) view fun policyHash(_ policy: String, isChainBound: Bool): String {
        return FlareSignatures.policyHash(policy, chainId: isChainBound ? self.sourceChainId : nil)
    }

    /// The version of this contract's code.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    access(self) view fun now(): UInt64 {
        return UInt64(getCurrentBlock().timestamp)
    }

    access(self) view fun currentRound(): UInt64 {
        return (self.now() - self.firstRoundStart) / self.roundSeconds
    }

    access(self) view fun borrowPolicy(_ rewardEpoch: UInt64): &FlareSignatures.SigningPolicy {
        return &self.policies[rewardEpoch] as &FlareSignatures.SigningPolicy?
            ?? panic("FlareOracleVerifier: the signing policy of reward epoch \(rewardEpoch) is not known, or no longer kept")
    }

    /// @param protocolId: 200 for the Flare Data Connector
    /// @param sourceChainId: the id of the chain whose voters sign
    /// @param firstRoundStart: when voting round 0 began, in seconds since 1970
    /// @param roundSeconds: how long a voting round is
    /// @param roundsPerRewardEpoch: 3360 on Flare, 240 on Coston2
    /// @param messageWindow: how many reward epochs a message may be late; 10 on Flare, 30 on Coston2
    /// @param policy: the trusted first signing policy as the Relay has it, hex
    /// @param isChainBound: whether the voters of that policy sign in the chain-bound scheme
    /// @param olderSchemeReturnsAfter: seconds without a chain-bound quorum after which the older scheme counts again
    /// @param rootsKept: for how many rounds a root is kept
    init(
        protocolId: UInt64,
        sourceChainId: UInt256,
        firstRoundStart: UInt64,
        roundSeconds: UInt64,
        roundsPerRewardEpoch: UInt64,
        messageWindow: UInt64,
        policy: String,
        isChainBound: Bool,
        olderSchemeReturnsAfter: UInt64,
        rootsKept: UInt64
    ) {
        pre {
            rootsKept >= 1 && messageWindow >= 1:
                "FlareOracleVerifier.init: roots are kept for at least one round and messages for one reward epoch, not for \(rootsKept) and \(messageWindow)"
        }
        self.protocolId = protocolId
        self.sourceChainId = sourceChainId
        self.firstRoundStart = firstRoundStart
        self.roundSeconds = roundSeconds
        self.roundsPerRewardEpoch = roundsPerRewardEpoch
        self.messageWindow = messageWindow
        self.olderSchemeReturnsAfter = olderSchemeReturnsAfter
        self.rootsKept = rootsKept
        self.extension = {}
        let trusted = FlareSignatures.SigningPolicy(encoded: policy)
        self.latestRewardEpoch = trusted.rewardEpoch
        self.chainBoundRootsFrom = isChainBound ? 0 : UInt64.max
        self.chainBoundPoliciesFrom = isChainBound ? 0 : UInt64.max
        self.newestChainBoundRound = isChainBound ? trusted.startVotingRound : 0
        self.policies = {}
        self.roots = {}
        self.keep(trusted)
    }
}
