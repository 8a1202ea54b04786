"""A chain of Flare in memory, for whoever reads it by JSON-RPC: the Relay's roots, and its signing policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_abi.abi import encode

from flareflow.attestation.relay import decode_signatures
from flareflow.attestation.signing_policy import SigningPolicy
from flareflow.keccak import keccak256
from tests.support.bills import REWARD_EPOCH, ROUNDS, World

RELAY: Final = "0x" + "5e" * 20
MANAGER: Final = "0x" + "3a" * 20
NEWEST_BLOCK: Final = 400_000
ROUND_SECONDS: Final = 90
BLOCK_SECONDS: Final = 2
POLICY_TOPIC: Final = keccak256(
    b"SigningPolicyInitialized(uint24,uint32,uint16,uint256,address[],uint16[],bytes,uint64)"
)
SIGNED_TOPIC: Final = keccak256(b"SigningPolicySigned(uint24,address,address,uint64,bool)")
SIGN: Final = "signNewSigningPolicy(uint24,bytes32,(uint8,bytes32,bytes32))"
BEFORE_ITS_START: Final = 2_000
"""Blocks from a policy to the first round in which it is in force; it is signed 100 blocks later."""


@dataclass
class FlareChain:
    """Answers JSON-RPC. A node searches at most `blocks_at_once` for logs."""

    blocks_at_once: int = 30
    has_policies: bool = True

    def answer(self, method: str, parameters: list[Any], world: World) -> dict[str, Any]:
        """The result or the error of a request."""
        match method:
            case "eth_call":
                return {"result": self._view(parameters[0]["to"], parameters[0]["data"], world)}
            case "eth_chainId":
                return {"result": hex(world.on_flow.source_chain_id)}
            case "eth_getBlockByNumber":
                number = NEWEST_BLOCK if parameters[0] == "latest" else int(parameters[0], 16)
                return {"result": {"number": hex(number), "timestamp": hex(number * BLOCK_SECONDS)}}
            case "eth_getLogs":
                return self._logs(parameters[0], world)
            case "eth_getTransactionByHash":
                return {"result": {"input": self._signing(int(parameters[0], 16), world)}}
        return {"error": {"message": f"there is no method {method}"}}

    def _view(self, contract: str, data: str, world: World) -> str:
        views: Mapping[tuple[str | None, str], int] = {
            (None, "getContractAddressByName(string)"): int(MANAGER if b"Manager".hex() in data else RELAY, 16),
            (RELAY, "merkleRoots(uint256,uint256)"): int.from_bytes(world.on_flare.root),
            (RELAY, "toSigningPolicyHash(uint256)"): int.from_bytes(world.on_flare.policy_hash or b""),
            (RELAY, "startingVotingRoundIds(uint256)"): int(data[10:], 16) * ROUNDS if len(data) == 74 else 0,
            (MANAGER, "firstVotingRoundStartTs()"): 0,
            (MANAGER, "votingEpochDurationSeconds()"): ROUND_SECONDS,
        }
        selectors = {keccak256(name.encode())[:4].hex(): (at, word) for (at, name), word in views.items()}
        at, word = selectors[data[2:10]]
        assert at in (None, contract)
        return f"0x{word:064x}"

    def _logs(self, wanted: Mapping[str, Any], world: World) -> dict[str, Any]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        reward_epoch = int(wanted["topics"][1], 16)
        if last - first >= self.blocks_at_once:
            return {"error": {"message": f"requested too many blocks, maximum is set to {self.blocks_at_once}"}}
        policies = {SigningPolicy.decode(one.policy).reward_epoch: one for one in world.policies}
        if not self.has_policies or reward_epoch not in policies:
            return {"result": []}
        signed = policies[reward_epoch]
        start = reward_epoch * ROUNDS * ROUND_SECONDS // BLOCK_SECONDS
        logs = {start - BEFORE_ITS_START: [_policy_log(reward_epoch, signed.policy)]}
        voters = SigningPolicy.decode(world.policies[0].policy).voters
        logs[start - BEFORE_ITS_START + 100] = [
            _signed_log(reward_epoch, voters[one.index].address, one.index)
            for one in reversed(decode_signatures(signed.signatures))
        ]
        return {"result": [log for block, some in logs.items() if first <= block <= last for log in some]}

    @staticmethod
    def _signing(index: int, world: World) -> str:
        """The call by which a voter signed the policy of the round."""
        (one,) = (one for one in decode_signatures(world.policies[-1].signatures) if one.index == index)
        types = ["uint24", "bytes32", "(uint8,bytes32,bytes32)"]
        arguments = encode(types, [REWARD_EPOCH, bytes(32), (one.v, one.r, one.s)])
        return f"0x{(keccak256(SIGN.encode())[:4] + arguments).hex()}"


def _policy_log(reward_epoch: int, policy: bytes) -> dict[str, Any]:
    types = ["uint32", "uint16", "uint256", "address[]", "uint16[]", "bytes", "uint64"]
    data = encode(types, [1, 2, 3, [RELAY], [4], policy, 5])
    return _log([POLICY_TOPIC, reward_epoch.to_bytes(32)], data, bytes(32))


def _signed_log(reward_epoch: int, address: bytes, index: int) -> dict[str, Any]:
    topics = [SIGNED_TOPIC, reward_epoch.to_bytes(32), address.rjust(32, b"\0"), address.rjust(32, b"\0")]
    return _log(topics, bytes(64), index.to_bytes(32))


def _log(topics: list[bytes], data: bytes, transaction: bytes) -> dict[str, Any]:
    return {
        "topics": [f"0x{topic.hex()}" for topic in topics],
        "data": f"0x{data.hex()}",
        "transactionHash": f"0x{transaction.hex()}",
    }
