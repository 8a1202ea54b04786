// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// Local stand-in for Flare's Relay. It takes the real calldata of `relay()`:
///
///     selector(4) || signing policy(43 + 22 n) || message || count(2) || count x [v(1) r(32) s(32) index(2)]
///
/// where message is protocolId(1) votingRoundId(4) isSecureRandom(1) merkleRoot(32), or 0x00 and a new signing policy.
/// The hash of a policy, the signed digests and the rules for both are those of the Relay deployed on Flare.
contract Relay {
    event SigningPolicyInitialized(
        uint24 indexed rewardEpochId,
        uint32 startVotingRoundId,
        uint16 threshold,
        uint256 seed,
        address[] voters,
        uint16[] weights,
        bytes signingPolicyBytes,
        uint64 timestamp
    );
    event SigningPolicyRelayed(uint256 indexed rewardEpochId);
    event ProtocolMessageRelayed(
        uint8 indexed protocolId, uint32 indexed votingRoundId, bool isSecureRandom, bytes32 merkleRoot
    );

    struct Policy {
        uint24 rewardEpochId;
        uint32 startVotingRoundId;
        uint16 threshold;
        uint256 seed;
        address[] voters;
        uint16[] weights;
    }

    uint256 private constant POLICY_HEAD_BYTES = 43;
    uint256 private constant VOTER_BYTES = 22;
    uint256 private constant MESSAGE_BYTES = 38;
    uint256 private constant SIGNATURE_BYTES = 67;
    uint256 private constant MAX_VOTERS = 300;
    uint256 private constant THRESHOLD_INCREASE_BIPS = 12000;
    /// How many reward epochs a message may be older than the newest signing policy; the same as on Flare.
    uint256 private constant MESSAGE_WINDOW = 10;

    uint64 public immutable firstVotingRoundStartTs;
    uint64 public immutable votingEpochDurationSeconds;
    uint32 public immutable rewardEpochDurationInVotingEpochs;
    address public signingPolicySetter;
    uint24 public lastInitializedRewardEpoch;

    mapping(uint256 rewardEpochId => bytes32) public toSigningPolicyHash;
    mapping(uint256 rewardEpochId => uint256) public startingVotingRoundIds;
    mapping(uint256 protocolId => mapping(uint256 votingRoundId => bytes32)) private roots;

    constructor(uint64 _firstVotingRoundStartTs, uint64 _votingEpochDurationSeconds, uint32 _rewardEpochRounds) {
        firstVotingRoundStartTs = _firstVotingRoundStartTs;
        votingEpochDurationSeconds = _votingEpochDurationSeconds;
        rewardEpochDurationInVotingEpochs = _rewardEpochRounds;
        signingPolicySetter = msg.sender;
    }

    function setSigningPolicySetter(address _setter) external {
        require(msg.sender == signingPolicySetter, "only sign policy setter");
        signingPolicySetter = _setter;
    }

    /// On its home chain the Relay is told each new policy by the FlareSystemsManager.
    function setSigningPolicy(bytes calldata _policy) external returns (bytes32) {
        require(msg.sender == signingPolicySetter, "only sign policy setter");
        Policy memory policy = parsePolicy(_policy);
        bytes32 hash = initialize(_policy, policy);
        emit SigningPolicyInitialized(
            policy.rewardEpochId,
            policy.startVotingRoundId,
            policy.threshold,
            policy.seed,
            policy.voters,
            policy.weights,
            _policy,
            uint64(block.timestamp)
        );
        return hash;
    }

    /// Relays a Merkle root, or a new signing policy, signed by enough voters; see the layout above.
    function relay() external returns (bytes memory) {
        bytes calldata given = msg.data[4:];
        bytes calldata policyBytes = given[:policyLength(given)];
        Policy memory policy = parsePolicy(policyBytes);
        require(toSigningPolicyHash[policy.rewardEpochId] == policyHash(policyBytes), "Signing policy hash mismatch");
        bytes calldata rest = given[policyBytes.length:];
        if (uint8(rest[0]) == 0) {
            relayPolicy(policy, rest[1:]);
        } else {
            relayMessage(policy, rest);
        }
        return "";
    }

    function relayMessage(Policy memory _policy, bytes calldata _rest) private {
        bytes calldata message = _rest[:MESSAGE_BYTES];
        uint8 protocolId = uint8(message[0]);
        uint32 round = uint32(bytes4(message[1:5]));
        bytes32 root = bytes32(message[6:38]);
        require(roots[protocolId][round] == bytes32(0), "Already relayed");
        requireEnoughWeight(
            _policy, thresholdFor(_policy, round), keccak256(message), _rest[MESSAGE_BYTES:]
        );
        roots[protocolId][round] = root;
        emit ProtocolMessageRelayed(protocolId, round, uint8(message[5]) != 0, root);
    }

    function relayPolicy(Policy memory _policy, bytes calldata _rest) private {
        bytes calldata newBytes = _rest[:policyLength(_rest)];
        Policy memory newPolicy = parsePolicy(newBytes);
        require(_policy.rewardEpochId == lastInitializedRewardEpoch, "Not with last initialized policy");
        requireEnoughWeight(_policy, _policy.threshold, policyHash(newBytes), _rest[newBytes.length:]);
        initialize(newBytes, newPolicy);
        emit SigningPolicyRelayed(newPolicy.rewardEpochId);
    }

    function initialize(bytes calldata _bytes, Policy memory _policy) private returns (bytes32 hash) {
        require(
            lastInitializedRewardEpoch == 0 || _policy.rewardEpochId == lastInitializedRewardEpoch + 1,
            "not next reward epoch"
        );
        uint256 total = 0;
        for (uint256 i = 0; i < _policy.weights.length; i++) {
            total += _policy.weights[i];
        }
        require(_policy.weights.length > 0 && _policy.weights.length <= MAX_VOTERS, "must be non-trivial");
        require(total < 65536, "total weight too big");
        require(2 * uint256(_policy.threshold) >= total, "too small threshold");
        require(100 * uint256(_policy.threshold) <= 66 * total, "too big threshold");
        hash = policyHash(_bytes);
        toSigningPolicyHash[_policy.rewardEpochId] = hash;
        startingVotingRoundIds[_policy.rewardEpochId] = _policy.startVotingRoundId;
        lastInitializedRewardEpoch = _policy.rewardEpochId;
    }

    /// The voters of a policy go on until the next policy starts. If there is no next policy yet, they need 120 percent of
    /// the threshold for rounds of later reward epochs.
    function thresholdFor(Policy memory _policy, uint32 _round) private view returns (uint256) {
        uint256 expected = _round / rewardEpochDurationInVotingEpochs;
        require(expected >= _policy.rewardEpochId, "Wrong sign policy reward epoch");
        require(expected + MESSAGE_WINDOW >= lastInitializedRewardEpoch, "Message too old");
        require(_round >= _policy.startVotingRoundId, "Delayed sign policy");
        if (expected == _policy.rewardEpochId) {
            return _policy.threshold;
        }
        uint256 next = uint256(_policy.rewardEpochId) + 1;
        if (toSigningPolicyHash[next] != bytes32(0)) {
            require(_round < startingVotingRoundIds[next], "Must use new sign policy");
            return _policy.threshold;
        }
        return uint256(_policy.threshold) * THRESHOLD_INCREASE_BIPS / 10000;
    }

    function requireEnoughWeight(Policy memory _policy, uint256 _threshold, bytes32 _hash, bytes calldata _signatures)
        private
        pure
    {
        bytes32 digest = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", _hash));
        uint256 count = uint16(bytes2(_signatures[:2]));
        require(_signatures.length >= 2 + count * SIGNATURE_BYTES, "Not enough signatures");
        uint256 weight = 0;
        uint256 nextIndex = 0;
        for (uint256 i = 0; i < count; i++) {
            bytes calldata one = _signatures[2 + i * SIGNATURE_BYTES:2 + (i + 1) * SIGNATURE_BYTES];
            uint256 index = uint16(bytes2(one[65:67]));
            require(index < _policy.voters.length, "Index out of range");
            require(index >= nextIndex, "Index out of order");
            address signer = ecrecover(digest, uint8(one[0]), bytes32(one[1:33]), bytes32(one[33:65]));
            require(signer != address(0) && signer == _policy.voters[index], "Wrong signature");
            weight += _policy.weights[index];
            nextIndex = index + 1;
            if (weight > _threshold) {
                return;
            }
        }
        revert("Not enough weight");
    }

    function policyLength(bytes calldata _from) private pure returns (uint256) {
        return POLICY_HEAD_BYTES + VOTER_BYTES * uint16(bytes2(_from[:2]));
    }

    function parsePolicy(bytes calldata _bytes) private pure returns (Policy memory policy) {
        require(_bytes.length == policyLength(_bytes), "size mismatch");
        uint256 size = uint16(bytes2(_bytes[:2]));
        policy.rewardEpochId = uint24(bytes3(_bytes[2:5]));
        policy.startVotingRoundId = uint32(bytes4(_bytes[5:9]));
        policy.threshold = uint16(bytes2(_bytes[9:11]));
        policy.seed = uint256(bytes32(_bytes[11:43]));
        policy.voters = new address[](size);
        policy.weights = new uint16[](size);
        for (uint256 i = 0; i < size; i++) {
            uint256 at = POLICY_HEAD_BYTES + i * VOTER_BYTES;
            policy.voters[i] = address(bytes20(_bytes[at:at + 20]));
            policy.weights[i] = uint16(bytes2(_bytes[at + 20:at + 22]));
        }
    }

    /// The fold of the deployed Relay: 32-byte words, the last padded with zeros, hashed one into the other.
    function policyHash(bytes calldata _bytes) private pure returns (bytes32 hash) {
        bytes memory padded = bytes.concat(_bytes, new bytes((32 - _bytes.length % 32) % 32));
        assembly ("memory-safe") {
            let end := add(add(padded, 32), mload(padded))
            let at := add(padded, 64)
            mstore(0, mload(add(padded, 32)))
            for {} lt(at, end) { at := add(at, 32) } {
                mstore(32, mload(at))
                mstore(0, keccak256(0, 64))
            }
            hash := mload(0)
        }
    }

    function isFinalized(uint256 _protocolId, uint256 _votingRoundId) external view returns (bool) {
        return roots[_protocolId][_votingRoundId] != bytes32(0);
    }

    function merkleRoots(uint256 _protocolId, uint256 _votingRoundId) external view returns (bytes32) {
        return roots[_protocolId][_votingRoundId];
    }

    function getVotingRoundId(uint256 _timestamp) external view returns (uint256) {
        require(_timestamp >= firstVotingRoundStartTs, "before the start");
        return (_timestamp - firstVotingRoundStartTs) / votingEpochDurationSeconds;
    }

    function lastInitializedRewardEpochData() external view returns (uint32, uint32) {
        return (lastInitializedRewardEpoch, uint32(startingVotingRoundIds[lastInitializedRewardEpoch]));
    }
}
