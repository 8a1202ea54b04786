import "EVM"

/// Flare's signing policies, and who signed what under them.
///
/// The contract keeps nothing but the address of its own EVM code, so that every answer follows from the arguments alone.
/// `FlareOracleVerifier` keeps the policies and decides what counts.
///
/// HASH SCHEMES
/// A voter signs the EIP-191 hash of a content's hash. A content is a root message (38 bytes) or a signing policy.
/// - Older scheme, used by the Relay that is deployed today: keccak256 of a message; of a policy, its 32-byte words,
///   each hashed together with the hash of those before it.
/// - Chain-bound scheme, announced by Flare: keccak256 of the id of Flare's chain as 32 bytes, followed by the content.
/// A content that was signed in a third scheme has no signer here, and is refused.
///
/// SIGNATURES
/// One dry call of the EVM recovers all signers of a content, by a loop around the ecrecover precompile. This contract
/// deployed that loop itself (`infra/solidity/src/RecoverSigners.yul`). It has no state and no owner and cannot be
/// replaced, so that its answer depends on nothing but its input.
///
/// All hex is without `0x`; all numbers in Flare's messages are big-endian.
access(all) contract FlareSignatures {

    /* --- CONSTANTS --- */

    /// v(1) r(32) s(32) index(2)
    access(all) view fun signatureBytes(): Int { return 67 }
    /// size(2) rewardEpoch(3) startVotingRound(4) threshold(2) seed(32)
    access(all) view fun policyHeadBytes(): Int { return 43 }
    /// address(20) weight(2)
    access(all) view fun voterBytes(): Int { return 22 }
    /// The largest number of voters in a policy, and of signatures in a list.
    access(all) view fun votersMax(): Int { return 300 }
    /// The largest sum of a policy's weights.
    access(all) view fun weightSumMax(): UInt64 { return 65_535 }
    /// EVM gas with which a dry call is tried first: this much, and as much again for each signature.
    access(all) view fun gasBase(): UInt64 { return 40_000 }
    /// See `gasBase`.
    access(all) view fun gasPerSignature(): UInt64 { return 7_000 }
    /// How often a failed dry call is tried again with twice the gas.
    access(all) view fun gasDoublingsMax(): Int { return 6 }

    /// The EVM contract that recovers signers.
    access(self) let recovery: EVM.EVMAddress
    /// Reserved: a deployed contract cannot get new fields.
    access(self) let extension: {String: AnyStruct}

    /* --- STRUCTS --- */

    /// Who may sign in a reward epoch, and with what weight.
    access(all) struct SigningPolicy {
        /// The reward epoch in which these voters sign.
        access(all) let rewardEpoch: UInt64
        /// The first voting round whose root they sign.
        access(all) let startVotingRound: UInt64
        /// The weight that a quorum must exceed.
        access(all) let threshold: UInt64
        /// Each voter as the Relay has it, address(20) weight(2). The weight is 0 where it does not count: for the
        /// address 0, and for an address that stands earlier in the list.
        access(all) let voters: [UInt256]

        /// Reads a policy. Panics unless its length, weights and threshold are such as the Relay allows.
        ///
        /// A repeated address counts at its first place only, unless no quorum would then be possible: in that case
        /// every place counts, as in the Relay.
        ///
        /// @param encoded: the policy as the Relay has it, hex
        init(encoded: String) {
            let bytes = encoded.decodeHex()
            FlareSignatures.requirePolicyLength(&bytes as &[UInt8])
            self.rewardEpoch = UInt64(FlareSignatures.number(&bytes as &[UInt8], from: 2, upTo: 5))
            self.startVotingRound = UInt64(FlareSignatures.number(&bytes as &[UInt8], from: 5, upTo: 9))
            self.threshold = UInt64(FlareSignatures.number(&bytes as &[UInt8], from: 9, upTo: 11))
            let voterBytes = FlareSignatures.voterBytes()
            let everyPlace: [UInt256] = []
            let firstPlaces: [UInt256] = []
            let seen: {UInt256: Bool} = {0: true}
            var at = FlareSignatures.policyHeadBytes()
            var sum: UInt64 = 0
            var firstSum: UInt64 = 0
            while at < bytes.length {
                let voter = FlareSignatures.number(&bytes as &[UInt8], from: at, upTo: at + voterBytes)
                let address = voter >> 16
                let weight = voter & 0xffff
                sum = sum + UInt64(weight)
                everyPlace.append(address == 0 ? 0 : voter)
                if seen.insert(key: address, true) == nil {
                    firstPlaces.append(voter)
                    firstSum = firstSum + UInt64(weight)
                } else {
                    firstPlaces.append(voter - weight)
                }
                at = at + voterBytes
            }
            self.voters = firstSum > self.threshold ? firstPlaces : everyPlace
            assert(
                sum <= FlareSignatures.weightSumMax(),
                message: "FlareSignatures.SigningPolicy: the weights sum to \(sum), more than \(FlareSignatures.weightSumMax())"
            )
            assert(
                self.threshold * 100 >= sum * 50 && self.threshold * 100 <= sum * 66,
                message: "FlareSignatures.SigningPolicy: the threshold \(self.threshold) is not 50 to 66 percent of the weight \(sum)"
            )
        }
    }

    /* --- HASHES --- */

    /// The hash of a root message, 64 hex digits.
    ///
    /// @param message: the 38 bytes that voters sign, hex
    /// @param chainId: the id of Flare's chain for the chain-bound scheme, nil for the older one
    access(all) view fun messageHash(_ message: String, chainId: UInt256?): String {
        if let bound = chainId {
            return self.keccak("\(self.word(bound))\(message)")
        }
        return self.keccak(message)
    }

    /// The hash of a signing policy, 64 hex digits.
    ///
    /// @param policy: the policy as the Relay has it, hex
    /// @param chainId: the id of Flare's chain for the chain-bound scheme, nil for the older one
    access(all) view fun policyHash(_ policy: String, chainId: UInt256?): String {
        if let bound = chainId {
            return self.keccak("\(self.word(bound))\(policy)")
        }
        return String.encodeHex(self.foldWords(policy.decodeHex()))
    }

    /// The older scheme's hash of a policy: 32-byte words, the last padded with zeros, each hashed into the next.
    access(self) view fun foldWords(_ bytes: [UInt8]): [UInt8] {
        var hash = bytes.slice(from: 0, upTo: 32)
        var at = 32
        while at < bytes.length {
            let word = at + 32 <= bytes.length
                ? bytes.slice(from: at, upTo: at + 32)
                : self.padded(bytes.slice(from: at, upTo: bytes.length))
            hash = HashAlgorithm.KECCAK_256.hash(hash.concat(word))
            at = at + 32
        }
        return hash
    }

    /// Up to 32 bytes, padded with zeros at the end to 32.
    access(self) view fun padded(_ bytes: [UInt8]): [UInt8] {
        let zeros = (0 as UInt256).toBigEndianBytes()
        return bytes.concat(zeros.slice(from: bytes.length, upTo: 32))
    }

    /// keccak256 of bytes, both in hex.
    access(all) view fun keccak(_ content: String): String {
        return String.encodeHex(HashAlgorithm.KECCAK_256.hash(content.decodeHex()))
    }

    /* --- SIGNERS --- */

    /// The signer of each signature as `index << 160 | address`; the address is 0 where a signature is malformed.
    ///
    /// The gas for one signature may change with any upgrade of Flow, so a failed call is tried again with twice the gas.
    ///
    /// @param hash: of the signed content, 64 hex digits
    /// @param signatures: v(1) r(32) s(32) index(2) each, as in the calldata of Flare's Relay, hex
    access(all) fun recoverSigners(hash: String, signatures: String): [UInt256] {
        let digest = self.keccak("19457468657265756d205369676e6564204d6573736167653a0a3332\(hash)")
        let signed = "\(digest)\(signatures)".decodeHex()
        let size = self.signatureBytes()
        let count = (signed.length - 32) / size
        assert(
            count >= 1 && count <= self.votersMax() && signed.length == 32 + count * size,
            message: "FlareSignatures: a list has 1 to \(self.votersMax()) signatures of \(size) bytes each, not \(signed.length - 32) bytes"
        )
        var gas = self.gasBase() + self.gasPerSignature() * UInt64(count)
        var failure = ""
        for _ in InclusiveRange(0, self.gasDoublingsMax()) {
            let answer = EVM.dryCall(
                from: self.recovery,
                to: self.recovery,
                data: signed,
                gasLimit: gas,
                value: EVM.Balance(attoflow: 0)
            )
            if answer.status == EVM.Status.successful {
                return EVM.decodeABI(types: [Type<[UInt256]>()], data: answer.data)[0] as! [UInt256]
            }
            failure = answer.errorMessage
            gas = gas * 2
        }
        panic("FlareSignatures: the signers could not be recovered with \(gas / 2) gas: \(failure)")
    }

    /// Whether a signer is the voter at the index that the signature names.
    ///
    /// @param signer: as `recoverSigners` returns it
    access(all) view fun isVoter(_ signer: UInt256, policy: &SigningPolicy): Bool {
        let index = Int(signer >> 160)
        return index < policy.voters.length
            && policy.voters[index] >> 16 == signer & 0xffffffffffffffffffffffffffffffffffffffff
    }

    /// The weight of signers, counted until it exceeds the policy's threshold. Panics if it does not, if an index is
    /// not higher than the one before it, or if a signer is not the voter at its index.
    ///
    /// @param signers: as `recoverSigners` returns them; those after the quorum are not looked at
    access(all) view fun requireQuorum(_ signers: [UInt256], policy: &SigningPolicy): UInt64 {
        let voters = policy.voters
        let end = voters.length
        let threshold = policy.threshold
        var weight: UInt64 = 0
        var lowestIndex = 0
        for signer in signers {
            let index = Int(signer >> 160)
            if index < lowestIndex {
                panic("FlareSignatures: index out of order, voter \(index) after voter \(lowestIndex - 1)")
            }
            if index >= end {
                panic("FlareSignatures: there is no voter \(index) in the policy of reward epoch \(policy.rewardEpoch)")
            }
            let voter = voters[index]
            if voter >> 16 != signer & 0xffffffffffffffffffffffffffffffffffffffff {
                panic("FlareSignatures: the signature of voter \(index) is malformed, by another key or in another hash scheme")
            }
            weight = weight + UInt64(voter & 0xffff)
            if weight > threshold {
                return weight
            }
            lowestIndex = index + 1
        }
        panic("FlareSignatures: the signatures have weight \(weight) and need more than \(threshold)")
    }

    /// The reward epoch that an encoded policy names; nothing else of it is checked.
    ///
    /// @param policy: the policy as the Relay has it, hex
    access(all) view fun rewardEpochOf(policy: String): UInt64 {
        let bytes = policy.decodeHex()
        return UInt64(self.number(&bytes as &[UInt8], from: 2, upTo: 5))
    }

    /* --- NUMBERS --- */

    /// A big-endian number inside of bytes. Bytes are passed by reference, since copying them costs most.
    access(all) view fun number(_ bytes: &[UInt8], from: Int, upTo: Int): UInt256 {
        return UInt256.fromBigEndianBytes(bytes.slice(from: from, upTo: upTo))!
    }

    /// 32 bytes of a number, hex.
    access(all) view fun word(_ number: UInt256): String {
        return String.encodeHex(number.toBigEndianBytes())
    }

    /// Panics unless bytes are as long as the number of voters at their beginning requires.
    access(contract) view fun requirePolicyLength(_ bytes: &[UInt8]) {
        assert(
            bytes.length >= self.policyHeadBytes(),
            message: "FlareSignatures.SigningPolicy: a policy has at least \(self.policyHeadBytes()) bytes, not \(bytes.length)"
        )
        let voters = Int(self.number(bytes, from: 0, upTo: 2))
        assert(
            voters >= 1 && voters <= self.votersMax(),
            message: "FlareSignatures.SigningPolicy: a policy has 1 to \(self.votersMax()) voters, not \(voters)"
        )
        let length = self.policyHeadBytes() + voters * self.voterBytes()
        assert(
            bytes.length == length,
            message: "FlareSignatures.SigningPolicy: a policy of \(voters) voters has \(length) bytes, not \(bytes.length)"
        )
    }

    /// The version of this contract's code.
    access(all) view fun getVersion(): String {
        return "1.0.0"
    }

    init() {
        self.extension = {}

        let deployer <- EVM.createCadenceOwnedAccount()
        let deployed = deployer.deploy(
            code: "607b80600a5f395ff3fe6043601f1936010460206080528060a0525f355f525f5b8181106027575060051b6040016080f35b60438102908060051b60c00182602001355f1a6020526021830135604052604183013560605260208160805f60015afa15607757600192606161ffff60a01b91013560501c168151179052016016565b5f80fd".decodeHex(),
            gasLimit: 1_000_000,
            value: EVM.Balance(attoflow: 0)
        )
        destroy deployer
        self.recovery = deployed.deployedContract
            ?? panic("FlareSignatures.init: the recovery contract was not deployed: \(deployed.errorMessage)")
    }
}
