"""The voters' view of the local Flare chain: its clock, the requests on it, and what they write to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from eth_abi.abi import decode, encode
from hexbytes import HexBytes
from web3 import Web3
from web3.contract import Contract

from flareflow.attestation.relay import FDC_PROTOCOL_ID, PolicySignature
from flareflow.keccak import keccak256
from infra.local.flare.solidity import artifacts

REQUEST_TOPIC: Final = keccak256(b"AttestationRequest(bytes,uint256)")
RECEIPT_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Request:
    """An attestation request in a block of a voting round."""

    voting_round: int
    data: bytes


@dataclass(frozen=True)
class Chain:
    """The stand-ins on Anvil, found by their registry; `governance` and `finalizer` are unlocked accounts."""

    web3: Web3
    registry_address: str

    def contract(self, name: str) -> Contract:
        registry = self._at(self.registry_address, "FlareContractRegistry")
        return self._at(registry.functions.getContractAddressByName(name).call(), name)

    def _at(self, address: str, name: str) -> Contract:
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifacts()[name]["abi"])

    @cached_property
    def relay(self) -> Contract:
        return self.contract("Relay")

    @cached_property
    def systems_manager(self) -> Contract:
        return self.contract("FlareSystemsManager")

    @cached_property
    def hub(self) -> Contract:
        return self.contract("FdcHub")

    @cached_property
    def submission(self) -> Contract:
        return self.contract("Submission")

    @cached_property
    def timing(self) -> tuple[int, int]:
        """Start of voting round 0 in Unix seconds, length of a round in seconds."""
        views = self.systems_manager.functions
        return views.firstVotingRoundStartTs().call(), views.votingEpochDurationSeconds().call()

    @cached_property
    def rounds_per_reward_epoch(self) -> int:
        rounds: int = self.relay.functions.rewardEpochDurationInVotingEpochs().call()
        return rounds

    def round_at(self, timestamp: int) -> int:
        start, seconds = self.timing
        return (timestamp - start) // seconds

    def head(self) -> tuple[int, int]:
        """Number of the latest block and the voting round that it lies in."""
        block = self.web3.eth.get_block("latest")
        return block["number"], self.round_at(block["timestamp"])

    def requests(self, first_block: int, last_block: int) -> Iterator[Request]:
        logs = self.web3.eth.get_logs(
            {
                "address": self.hub.address,
                "topics": [HexBytes(REQUEST_TOPIC)],
                "fromBlock": first_block,
                "toBlock": last_block,
            }
        )
        for log in logs:
            data, _ = decode(["bytes", "uint256"], bytes(log["data"]))
            block = self.web3.eth.get_block(log["blockNumber"])
            yield Request(self.round_at(block["timestamp"]), data)

    def merkle_root(self, voting_round: int) -> bytes:
        root: bytes = self.relay.functions.merkleRoots(FDC_PROTOCOL_ID, voting_round).call()
        return root

    def last_reward_epoch(self) -> int:
        reward_epoch: int = self.relay.functions.lastInitializedRewardEpochData().call()[0]
        return reward_epoch

    def send(self, to: str, calldata: bytes, sender: int) -> None:
        """Call a contract from an unlocked account and wait for the receipt; raises RuntimeError if it reverts."""
        self._wait(self.web3.eth.send_transaction(self._transaction(calldata, sender) | {"to": to}))

    def send_indirectly(self, to: str, calldata: bytes, sender: int) -> None:
        """The same through another contract, which makes the call while it is created."""
        compiled = artifacts()["IndirectCall"]
        arguments = encode(["address", "bytes"], [to, calldata])
        creation = bytes.fromhex(compiled["bytecode"].removeprefix("0x")) + arguments
        self._wait(self.web3.eth.send_transaction(self._transaction(creation, sender)))

    def submit_signature(self, calldata: bytes, sender: int) -> None:
        """Call the Submission contract without waiting until the call is mined."""
        self.web3.eth.send_transaction(self._transaction(calldata, sender) | {"to": self.submission.address})

    def _transaction(self, data: bytes, sender: int) -> Any:
        return {"from": self.web3.eth.accounts[sender], "data": HexBytes(data)}

    def _wait(self, sent: HexBytes) -> None:
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.2)
        if receipt["status"] != 1:
            raise RuntimeError(f"transaction {sent.to_0x_hex()} reverted")

    def sign_policy(self, reward_epoch: int, policy_hash: bytes, signature: PolicySignature, sender: int) -> None:
        call = self.systems_manager.encode_abi(
            "signNewSigningPolicy", [reward_epoch, policy_hash, (signature.v, signature.r, signature.s)]
        )
        self.send(self.systems_manager.address, bytes.fromhex(call[2:]), sender)
