// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

interface ISigningPolicies {
    function setSigningPolicy(bytes calldata _policy) external returns (bytes32);
    function toSigningPolicyHash(uint256 _rewardEpochId) external view returns (bytes32);
}

/// Local stand-in: Flare's clock, and the signing of each new signing policy by the voters of the one before.
/// On Flare it also chooses voters and weights; here the local FDC says who they are (`initializeSigningPolicy`).
contract FlareSystemsManager {
    event SigningPolicySigned(
        uint24 indexed rewardEpochId,
        address indexed signingPolicyAddress,
        address indexed voter,
        uint64 timestamp,
        bool thresholdReached
    );

    struct Signature {
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    struct Policy {
        uint16 threshold;
        uint32 startVotingRoundId;
        uint16 signedWeight;
        bool signed;
        mapping(address voter => uint16) weights;
        mapping(address voter => bool) hasSigned;
    }

    uint64 public immutable firstVotingRoundStartTs;
    uint64 public immutable votingEpochDurationSeconds;
    uint64 public immutable rewardEpochDurationSeconds;
    ISigningPolicies public immutable relay;
    address private immutable governance = msg.sender;
    mapping(uint256 rewardEpochId => Policy) private policies;

    constructor(uint64 _firstVotingRoundStartTs, uint64 _votingEpochSeconds, uint64 _rewardEpochRounds, ISigningPolicies _relay) {
        firstVotingRoundStartTs = _firstVotingRoundStartTs;
        votingEpochDurationSeconds = _votingEpochSeconds;
        rewardEpochDurationSeconds = _votingEpochSeconds * _rewardEpochRounds;
        relay = _relay;
    }

    function initializeSigningPolicy(bytes calldata _bytes) external {
        require(msg.sender == governance, "only governance");
        uint24 rewardEpochId = uint24(bytes3(_bytes[2:5]));
        Policy storage policy = policies[rewardEpochId];
        policy.startVotingRoundId = uint32(bytes4(_bytes[5:9]));
        policy.threshold = uint16(bytes2(_bytes[9:11]));
        for (uint256 at = 43; at < _bytes.length; at += 22) {
            policy.weights[address(bytes20(_bytes[at:at + 20]))] += uint16(bytes2(_bytes[at + 20:at + 22]));
        }
        relay.setSigningPolicy(_bytes);
    }

    /// Each voter of the policy before signs the new policy's hash; closes once the threshold is passed.
    function signNewSigningPolicy(uint24 _rewardEpochId, bytes32 _newSigningPolicyHash, Signature calldata _signature)
        external
    {
        require(
            _newSigningPolicyHash != bytes32(0)
                && relay.toSigningPolicyHash(_rewardEpochId) == _newSigningPolicyHash,
            "new signing policy hash invalid"
        );
        Policy storage policy = policies[_rewardEpochId];
        Policy storage previous = policies[_rewardEpochId - 1];
        require(!policy.signed, "new signing policy already signed");
        bytes32 digest = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", _newSigningPolicyHash));
        address signer = ecrecover(digest, _signature.v, _signature.r, _signature.s);
        uint16 weight = previous.weights[signer];
        require(signer != address(0) && weight > 0, "signature invalid");
        require(!policy.hasSigned[signer], "signature already submitted");
        policy.hasSigned[signer] = true;
        policy.signedWeight += weight;
        policy.signed = policy.signedWeight > previous.threshold;
        emit SigningPolicySigned(_rewardEpochId, signer, signer, uint64(block.timestamp), policy.signed);
    }

    function getCurrentVotingEpochId() public view returns (uint32) {
        return uint32((block.timestamp - firstVotingRoundStartTs) / votingEpochDurationSeconds);
    }

    function getCurrentRewardEpochId() external view returns (uint24) {
        return uint24((block.timestamp - firstVotingRoundStartTs) / rewardEpochDurationSeconds);
    }

    function getStartVotingRoundId(uint256 _rewardEpochId) external view returns (uint32) {
        return policies[_rewardEpochId].startVotingRoundId;
    }

    function getThreshold(uint256 _rewardEpochId) external view returns (uint16) {
        return policies[_rewardEpochId].threshold;
    }
}
