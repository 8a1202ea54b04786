import "EVM"

/// A light client of the Flare network: it knows what Flare's voters have signed, and takes nobody's word for anything.
///
/// LIFECYCLE
/// - The contract is deployed with one trusted signing policy. There is no administrator and no other way in.
/// - `rollSigningPolicy` accepts the next policy when the voters of the newest one have signed it.
/// - `confirmRoot` accepts the Merkle root of a voting round when enough voters of the right policy have signed it.
/// - `verify` shows that a response of the Flare Data Connector belongs to a confirmed root.
///
/// Each of these may be called by anyone. The rules are those of Flare's `Relay` contract, and one more: a voter whose
/// address stands twice in a policy is counted once, with the first weight.
///
/// HASH SCHEMES
/// Flare's newer contracts put the id of their chain into everything that is signed. Once a quorum has signed so, the
/// older scheme is over for that reward epoch and all that follow.
///
/// Hex is without `0x`. All numbers in Flare's messages are big-endian.
///
/// SIGNATURES
/// One dry call of the EVM recovers all signers of a message, by a loop around the ecrecover precompile that this
/// contract deployed itself when it was made (`infra/solidity/src/RecoverSigners.yul`). That code has no state, no
/// owner and no way to be replaced, so its answers are a pure function of what it is given.
access(all) contract FlareOracleVerifier {

    /* --- EVENTS --- */

    /// A signing policy was accepted: the trusted first one, or one signed by the voters before it.
    access(all) event SigningPolicyAccepted(
        rewardEpoch: UInt64,
        startVotingRound: UInt64,
        voters: Int,
        threshold: UInt64,
        isChainBound: Bool
    )

    /// From this reward epoch on, only what contains the chain's id counts as signed.
    access(all) event ChainBindingBegan(rewardEpoch: UInt64)

    /// The Merkle root of a voting round was accepted.
    access(all) event RootConfirmed(votingRound: UInt64, root: String, rewardEpoch: UInt64, weight: UInt64)

    /* --- CONSTANTS --- */

    /// protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32)
    access(all) let MESSAGE_BYTES: Int
    /// v(1) r(32) s(32) index(2)
    access(all) let SIGNATURE_BYTES: Int
    /// size(2) rewardEpoch(3) startVotingRound(4) threshold(2) seed(32)
    access(all) let POLICY_HEAD_BYTES: Int
    /// address(20) weight(2)
    access(all) let VOTER_BYTES: Int
    /// More voters than this no policy has.
    access(all) let VOTERS_MAX: Int
    /// The sum of a policy's weights stays below this.
    access(all) let WEIGHT_LIMIT: UInt64
    /// Every response begins with the word 0x20, the offset of its one dynamic part: it sorts between these. No inner
    /// node does, since the hash on its left would have to be that number.
    access(all) let RESPONSE_START: String
    /// See `RESPONSE_START`.
    access(all) let RESPONSE_END: String
    /// Longer Merkle paths are not followed.
    access(all) let PATH_NODES_MAX: Int

    /* --- CONFIGURATION, set at deployment for good --- */

    /// The protocol whose messages count: 200, the Flare Data Connector.
    access(all) let protocolId: UInt64
    /// The chain whose voters sign, as it stands in chain-bound hashes: 14 for Flare, 114 for Coston2.
    access(all) let sourceChainId: UInt256
    /// How many voting rounds a reward epoch has.
    access(all) let roundsPerRewardEpoch: UInt64
    /// For how many rounds a root is kept: a root makes room for that of the round so many later.
    access(all) let rootsKept: UInt64
    /// How many signing policies are kept, the newest included.
    access(all) let policiesKept: UInt64
    /// The EVM contract that recovers signers.
    access(self) let recovery: EVM.EVMAddress

    /* --- STATE --- */

    /// The reward epoch of the newest signing policy.
    access(all) var latestRewardEpoch: UInt64
    /// The reward epoch from which on hashes contain the chain's id.
    access(all) var chainBoundFrom: UInt64
    access(self) let policies: {UInt64: SigningPolicy}
    /// Confirmed roots by voting round modulo `rootsKept`.
    access(self) let roots: {UInt64: ConfirmedRoot}

    /* --- STRUCTS --- */

    /// Who may sign in a reward epoch, and with what weight.
    access(all) struct SigningPolicy {
        /// The reward epoch in which these voters sign.
        access(all) let rewardEpoch: UInt64
        /// The first voting round that is theirs.
        access(all) let startVotingRound: UInt64
        /// The weight that signatures must exceed.
        access(all) let threshold: UInt64
        /// Each voter as the Relay has it, address(20) weight(2); without weight where the same address stands before.
        access(all) let voters: [UInt256]

        /// Reads a policy and refuses one that is not sound.
        ///
        /// @param encoded: the policy as the Relay has it, hex
        init(encoded: String) {
            let bytes = encoded.decodeHex()
            FlareOracleVerifier.requirePolicyLength(&bytes as &[UInt8])
            self.rewardEpoch = UInt64(FlareOracleVerifier.number(&bytes as &[UInt8], from: 2, upTo: 5))
            self.startVotingRound = UInt64(FlareOracleVerifier.number(&bytes as &[UInt8], from: 5, upTo: 9))
            self.threshold = UInt64(FlareOracleVerifier.number(&bytes as &[UInt8], from: 9, upTo: 11))
            self.voters = []
            let voterBytes = FlareOracleVerifier.VOTER_BYTES
            var at = FlareOracleVerifier.POLICY_HEAD_BYTES
            var sum: UInt64 = 0
            let seen: {UInt256: Bool} = {}
            while at < bytes.length {
                let voter = FlareOracleVerifier.number(&bytes as &[UInt8], from: at, upTo: at + voterBytes)
                let address = voter >> 16
                let weight = voter & 0xffff
                assert(address != 0, message: "FlareOracleVerifier.SigningPolicy: a voter has the address 0")
                self.voters.append(seen.insert(key: address, true) == nil ? voter : voter - weight)
                sum = sum + UInt64(weight)
                at = at + voterBytes
            }
            assert(
                sum < FlareOracleVerifier.WEIGHT_LIMIT,
                message: "FlareOracleVerifier.SigningPolicy: the weights sum to \(sum), which is not below \(FlareOracleVerifier.WEIGHT_LIMIT)"
            )
            assert(
                self.threshold * 100 >= sum * 50 && self.threshold * 100 <= sum * 66,
                message: "FlareOracleVerifier.SigningPolicy: the threshold \(self.threshold) is not 50 to 66 percent of the weight \(sum)"
            )
        }
    }

    /// A root and the voting round that it belongs to.
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

    /// What a page or a script may want to know of the light client.
    access(all) struct Status {
        /// The reward epoch of the newest policy.
        access(all) let latestRewardEpoch: UInt64
        /// The first voting round of its voters.
        access(all) let startVotingRound: UInt64
        /// The weight that signatures must exceed.
        access(all) let threshold: UInt64
        /// How many voters there are.
        access(all) let voters: Int
        /// Whether what they sign contains the chain's id.
        access(all) let isChainBound: Bool

        view init(policy: &SigningPolicy, isChainBound: Bool) {
            self.latestRewardEpoch = policy.rewardEpoch
            self.startVotingRound = policy.startVotingRound
            self.threshold = policy.threshold
            self.voters = policy.voters.length
            self.isChainBound = isChainBound
        }
    }

    /* --- POLICIES --- */

    /// Accepts the signing policy of the next reward epoch, signed by the voters of the newest one known.
    ///
    /// @param policy: the new policy as the Relay has it, hex
    /// @param signatures: v(1) r(32) s(32) index(2) of each signer, by rising index, hex
    access(all) fun rollSigningPolicy(policy: String, signatures: String) {
        let previous = self.borrowPolicy(self.latestRewardEpoch)
        self.requireQuorum(
            policy: previous,
            threshold: previous.threshold,
            signatures: signatures,
            hash: view fun (isChainBound: Bool): String {
                return self.policyHash(policy, isChainBound: isChainBound)
            },
            boundFrom: previous.rewardEpoch + 1
        )
        let next = SigningPolicy(encoded: policy)
        assert(
            next.rewardEpoch == previous.rewardEpoch + 1,
            message: "FlareOracleVerifier.rollSigningPolicy: the next policy is of reward epoch \(previous.rewardEpoch + 1), not \(next.rewardEpoch)"
        )
        assert(
            next.startVotingRound > previous.startVotingRound,
            message: "FlareOracleVerifier.rollSigningPolicy: the policy starts in round \(next.startVotingRound), not after round \(previous.startVotingRound)"
        )
        self.accept(next)
    }

    access(self) fun accept(_ policy: SigningPolicy) {
        self.latestRewardEpoch = policy.rewardEpoch
        self.policies[policy.rewardEpoch] = policy
        if policy.rewardEpoch >= self.policiesKept {
            self.policies.remove(key: policy.rewardEpoch - self.policiesKept)
        }
        emit SigningPolicyAccepted(
            rewardEpoch: policy.rewardEpoch,
            startVotingRound: policy.startVotingRound,
            voters: policy.voters.length,
            threshold: policy.threshold,
            isChainBound: self.isChainBound(policy.rewardEpoch)
        )
    }

    /* --- ROOTS --- */

    /// Accepts the Merkle root of a voting round. A round gets one root, once.
    ///
    /// @param rewardEpoch: the epoch of the signing policy whose voters signed
    /// @param message: protocolId(1) votingRound(4) isSecureRandom(1) merkleRoot(32), hex
    /// @param signatures: v(1) r(32) s(32) index(2) of each signer, by rising index, hex
    access(all) fun confirmRoot(rewardEpoch: UInt64, message: String, signatures: String) {
        pre {
            message.length == 2 * self.MESSAGE_BYTES:
                "FlareOracleVerifier.confirmRoot: a message has \(self.MESSAGE_BYTES) bytes, not \(message.length / 2)"
        }
        let bytes = message.decodeHex()
        let protocol = UInt64(bytes[0])
        assert(
            protocol == self.protocolId,
            message: "FlareOracleVerifier.confirmRoot: the message is of protocol \(protocol), not \(self.protocolId)"
        )
        let round = UInt64(self.number(&bytes as &[UInt8], from: 1, upTo: 5))
        let root = self.number(&bytes as &[UInt8], from: 6, upTo: 38)
        assert(root != 0, message: "FlareOracleVerifier.confirmRoot: the root of round \(round) is zero")
        self.requireUnconfirmed(round)

        let policy = self.borrowPolicy(rewardEpoch)
        let weight = self.requireQuorum(
            policy: policy,
            threshold: self.thresholdFor(round: round, policy: policy),
            signatures: signatures,
            hash: view fun (isChainBound: Bool): String {
                return self.keccak(isChainBound ? "\(self.chainWord())\(message)" : message)
            },
            boundFrom: rewardEpoch
        )
        let confirmed = ConfirmedRoot(votingRound: round, root: String.encodeHex(root.toBigEndianBytes()))
        self.roots[round % self.rootsKept] = confirmed
        emit RootConfirmed(votingRound: round, root: confirmed.root, rewardEpoch: rewardEpoch, weight: weight)
    }

    /// A round gets one root, once: its place is taken by its own root or by that of a later round, for good.
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

    /// The weight that signatures of a round must exceed. Where Flare has not set the next policy in time, the voters
    /// of the old one go on with a threshold raised to 120 percent.
    access(self) view fun thresholdFor(round: UInt64, policy: &SigningPolicy): UInt64 {
        assert(
            round >= policy.startVotingRound,
            message: "FlareOracleVerifier.confirmRoot: the policy of reward epoch \(policy.rewardEpoch) starts in round \(policy.startVotingRound), after \(round)"
        )
        let expected = round / self.roundsPerRewardEpoch
        assert(
            expected >= policy.rewardEpoch,
            message: "FlareOracleVerifier.confirmRoot: round \(round) lies in reward epoch \(expected), before \(policy.rewardEpoch)"
        )
        if let next = &self.policies[policy.rewardEpoch + 1] as &SigningPolicy? {
            assert(
                round < next.startVotingRound,
                message: "FlareOracleVerifier.confirmRoot: round \(round) belongs to the policy of reward epoch \(next.rewardEpoch)"
            )
            return policy.threshold
        }
        return expected > policy.rewardEpoch ? policy.threshold * 12 / 10 : policy.threshold
    }

    /* --- SIGNATURES --- */

    /// Panics unless voters with more weight than the threshold signed; returns their weight.
    ///
    /// What was signed is hashed in the scheme of the policy's epoch. Where that is the older one and its first signer
    /// is not the voter named, the newer one is tried.
    ///
    /// @param hash: of what was signed, with the chain's id or without
    /// @param boundFrom: the reward epoch from which on the newer scheme holds if this is signed in it
    access(self) fun requireQuorum(
        policy: &SigningPolicy,
        threshold: UInt64,
        signatures: String,
        hash: view fun(Bool): String,
        boundFrom: UInt64
    ): UInt64 {
        var isChainBound = self.isChainBound(policy.rewardEpoch)
        var signers = self.recover(hash(isChainBound), signatures: signatures)
        if !isChainBound && !self.isVoter(signers[0], policy: policy) {
            isChainBound = true
            signers = self.recover(hash(isChainBound), signatures: signatures)
        }
        let weight = self.weigh(signers, policy: policy, threshold: threshold)
        if isChainBound && boundFrom < self.chainBoundFrom {
            self.chainBoundFrom = boundFrom
            emit ChainBindingBegan(rewardEpoch: boundFrom)
        }
        return weight
    }

    /// The weight of signers, as soon as it exceeds the threshold. Panics if it does not.
    ///
    /// @param signers: what `recover` found
    access(self) view fun weigh(_ signers: [UInt256], policy: &SigningPolicy, threshold: UInt64): UInt64 {
        let voters = policy.voters
        let end = voters.length
        var weight: UInt64 = 0
        var lowestIndex = 0
        for signer in signers {
            let index = Int(signer >> 160)
            if index < lowestIndex {
                panic("FlareOracleVerifier: index out of order, voter \(index) after voter \(lowestIndex - 1)")
            }
            if index >= end {
                panic("FlareOracleVerifier: there is no voter \(index)")
            }
            let voter = voters[index]
            if voter >> 16 != signer & 0xffffffffffffffffffffffffffffffffffffffff {
                panic("FlareOracleVerifier: the signature of voter \(index) is malformed or by another key")
            }
            weight = weight + UInt64(voter & 0xffff)
            if weight > threshold {
                return weight
            }
            lowestIndex = index + 1
        }
        panic("FlareOracleVerifier: the signatures have weight \(weight) and need more than \(threshold)")
    }

    /// Whether a signer is the voter at the index that its signature names.
    access(self) view fun isVoter(_ signer: UInt256, policy: &SigningPolicy): Bool {
        let index = Int(signer >> 160)
        return index < policy.voters.length
            && policy.voters[index] >> 16 == signer & 0xffffffffffffffffffffffffffffffffffffffff
    }

    /// The signer of each signature, as `index << 160 | address`; address 0 where there is none.
    access(self) fun recover(_ hash: String, signatures: String): [UInt256] {
        let digest = self.keccak("19457468657265756d205369676e6564204d6573736167653a0a3332\(hash)")
        let signed = "\(digest)\(signatures)".decodeHex()
        let size = self.SIGNATURE_BYTES
        let count = (signed.length - 32) / size
        assert(
            count >= 1 && count <= self.VOTERS_MAX && signed.length == 32 + count * size,
            message: "FlareOracleVerifier: signatures have \(size) bytes each, at most \(self.VOTERS_MAX); \(signed.length - 32) bytes came"
        )
        let answer = EVM.dryCall(
            from: self.recovery,
            to: self.recovery,
            data: signed,
            gasLimit: 40_000 + 7_000 * UInt64(count),
            value: EVM.Balance(attoflow: 0)
        )
        assert(
            answer.status == EVM.Status.successful,
            message: "FlareOracleVerifier: the signers could not be recovered: \(answer.errorMessage)"
        )
        return EVM.decodeABI(types: [Type<[UInt256]>()], data: answer.data)[0] as! [UInt256]
    }

    /* --- PROOFS --- */

    /// Shows that a response is one that Flare's voters confirmed in a voting round. Panics otherwise.
    ///
    /// The caller must compare what it asked for with what the response says: Flare attests that this request had
    /// this answer, for any request. Responses without a dynamic part, which some types of attestation have, begin
    /// otherwise than with 0x20 and are not taken.
    ///
    /// @param response: the whole ABI-encoded response, lower-case hex; its hash is taken here
    /// @param proof: siblings from the response up to the root, 32 bytes each, lower-case hex
    access(all) view fun verify(votingRound: UInt64, response: String, proof: [String]) {
        pre {
            response > self.RESPONSE_START && response < self.RESPONSE_END:
                "FlareOracleVerifier.verify: a response begins with the word 0x20; what does not could be an inner node"
        }
        let root = self.root(votingRound: votingRound)
            ?? panic("FlareOracleVerifier.verify: no root is confirmed for round \(votingRound)")
        assert(
            self.foldPath(leaf: self.keccak(response), path: proof) == root,
            message: "FlareOracleVerifier.verify: the response does not belong to the root of round \(votingRound)"
        )
    }

    /// The root that a leaf and its siblings lead to, in a tree that hashes sorted pairs by keccak256. A sibling longer
    /// than 32 bytes is refused: it could be an attested response but for its end, where somebody put a leaf that was
    /// never attested.
    ///
    /// @param leaf: 32 bytes, lower-case hex; hash what it stands for yourself, never take it from a caller
    /// @param path: siblings from the bottom up, 32 bytes each, lower-case hex
    access(all) view fun foldPath(leaf: String, path: [String]): String {
        pre {
            path.length <= self.PATH_NODES_MAX:
                "FlareOracleVerifier.foldPath: a path has at most \(self.PATH_NODES_MAX) nodes, not \(path.length)"
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

    /// keccak256 of bytes, both in hex.
    access(all) view fun keccak(_ content: String): String {
        return String.encodeHex(HashAlgorithm.KECCAK_256.hash(content.decodeHex()))
    }

    /* --- VIEWS --- */

    /// The confirmed root of a round, 64 hex digits; nil where there is none or it is no longer kept.
    access(all) view fun root(votingRound: UInt64): String? {
        if let kept = &self.roots[votingRound % self.rootsKept] as &ConfirmedRoot? {
            return kept.votingRound == votingRound ? kept.root : nil
        }
        return nil
    }

    /// Whether what is signed in a reward epoch contains the chain's id.
    access(all) view fun isChainBound(_ rewardEpoch: UInt64): Bool {
        return rewardEpoch >= self.chainBoundFrom
    }

    /// The signing policy of a reward epoch, or nil if it is not known or no longer kept.
    access(all) view fun signingPolicy(rewardEpoch: UInt64): SigningPolicy? {
        return self.policies[rewardEpoch]
    }

    /// The newest policy in short.
    access(all) view fun status(): Status {
        let policy = self.borrowPolicy(self.latestRewardEpoch)
        return Status(policy: policy, isChainBound: self.isChainBound(policy.rewardEpoch))
    }

    /// What the voters of the epoch before sign to agree to a policy, hex.
    ///
    /// @param policy: the policy as the Relay has it, hex
    access(all) view fun policyHash(_ policy: String, isChainBound: Bool): String {
        return isChainBound
            ? self.keccak("\(self.chainWord())\(policy)")
            : String.encodeHex(self.foldWords(policy.decodeHex()))
    }

    /// Flare's older hash: 32-byte words, the last filled up with zeros, each hashed into the next.
    access(self) view fun foldWords(_ bytes: [UInt8]): [UInt8] {
        var hash = bytes.slice(from: 0, upTo: 32)
        var at = 32
        while at < bytes.length {
            let word = at + 32 <= bytes.length
                ? bytes.slice(from: at, upTo: at + 32)
                : self.filledUp(bytes.slice(from: at, upTo: bytes.length))
            hash = HashAlgorithm.KECCAK_256.hash(hash.concat(word))
            at = at + 32
        }
        return hash
    }

    /// The reward epoch that an encoded policy names, hex; nothing is checked.
    access(all) view fun rewardEpochOf(policy: String): UInt64 {
        let bytes = policy.decodeHex()
        return UInt64(self.number(&bytes as &[UInt8], from: 2, upTo: 5))
    }

    access(self) view fun chainWord(): String {
        return String.encodeHex(self.sourceChainId.toBigEndianBytes())
    }

    /// Up to 32 bytes, filled up with zeros at the end.
    access(self) view fun filledUp(_ bytes: [UInt8]): [UInt8] {
        let zeros = (0 as UInt256).toBigEndianBytes()
        return bytes.concat(zeros.slice(from: bytes.length, upTo: 32))
    }

    /// A big-endian number inside of bytes, which are passed by reference since copies are what costs.
    access(contract) view fun number(_ bytes: &[UInt8], from: Int, upTo: Int): UInt256 {
        return UInt256.fromBigEndianBytes(bytes.slice(from: from, upTo: upTo))!
    }

    /// Panics unless bytes are as long as a policy of so many voters is.
    access(contract) view fun requirePolicyLength(_ bytes: &[UInt8]) {
        assert(
            bytes.length >= self.POLICY_HEAD_BYTES,
            message: "FlareOracleVerifier.SigningPolicy: a policy has \(self.POLICY_HEAD_BYTES) bytes or more, not \(bytes.length)"
        )
        let voters = Int(self.number(bytes, from: 0, upTo: 2))
        assert(
            voters >= 1 && voters <= self.VOTERS_MAX,
            message: "FlareOracleVerifier.SigningPolicy: a policy has 1 to \(self.VOTERS_MAX) voters, not \(voters)"
        )
        let length = self.POLICY_HEAD_BYTES + voters * self.VOTER_BYTES
        assert(
            bytes.length == length,
            message: "FlareOracleVerifier.SigningPolicy: \(voters) voters make \(length) bytes, not \(bytes.length)"
        )
    }

    access(self) view fun borrowPolicy(_ rewardEpoch: UInt64): &SigningPolicy {
        return &self.policies[rewardEpoch] as &SigningPolicy?
            ?? panic("FlareOracleVerifier: the signing policy of reward epoch \(rewardEpoch) is not known")
    }

    /// @param protocolId: 200 for the Flare Data Connector
    /// @param sourceChainId: the id of the chain whose voters sign
    /// @param roundsPerRewardEpoch: 3360 on Flare, 240 on Coston2
    /// @param policy: the trusted first signing policy as the Relay has it, hex
    /// @param isChainBound: whether the hashes of that policy's epoch contain the chain's id
    /// @param rootsKept: for how many rounds a root is kept
    /// @param policiesKept: how many signing policies are kept, the newest included
    init(
        protocolId: UInt64,
        sourceChainId: UInt256,
        roundsPerRewardEpoch: UInt64,
        policy: String,
        isChainBound: Bool,
        rootsKept: UInt64,
        policiesKept: UInt64
    ) {
        pre {
            rootsKept >= 1 && policiesKept >= 2:
                "FlareOracleVerifier.init: roots are kept for a round at least and two policies, not \(rootsKept) and \(policiesKept)"
        }
        self.MESSAGE_BYTES = 38
        self.SIGNATURE_BYTES = 67
        self.POLICY_HEAD_BYTES = 43
        self.VOTER_BYTES = 22
        self.VOTERS_MAX = 300
        self.WEIGHT_LIMIT = 65_536
        self.RESPONSE_START = "0000000000000000000000000000000000000000000000000000000000000020"
        self.RESPONSE_END = "0000000000000000000000000000000000000000000000000000000000000021"
        self.PATH_NODES_MAX = 32
        self.protocolId = protocolId
        self.sourceChainId = sourceChainId
        self.roundsPerRewardEpoch = roundsPerRewardEpoch
        self.rootsKept = rootsKept
        self.policiesKept = policiesKept
        self.latestRewardEpoch = 0
        self.chainBoundFrom = isChainBound ? 0 : UInt64.max
        self.policies = {}
        self.roots = {}

        let deployer <- EVM.createCadenceOwnedAccount()
        let deployed = deployer.deploy(
            code: "609480600a5f395ff3fe6043601f1936010460206080528060a0525f355f525f5b8181106027575060051b6040016080f35b806043600192028160051b60c00190604181013581602001355f1a6020526021820135604052806060526fa2a8918ca85bafe22016d0b997e4df608560ff1b0310156086575b606161ffff60a01b91013560501c168151179052016016565b60208260805f875afa50606d56".decodeHex(),
            gasLimit: 1_000_000,
            value: EVM.Balance(attoflow: 0)
        )
        destroy deployer
        self.recovery = deployed.deployedContract
            ?? panic("FlareOracleVerifier.init: the recovery contract was not deployed: \(deployed.errorMessage)")

        self.accept(SigningPolicy(encoded: policy))
    }
}
