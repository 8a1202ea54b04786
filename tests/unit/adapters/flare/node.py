"""A Flare node's JSON-RPC and the contracts behind it, in the shapes that Ethereum's API and Flare's ABIs document.

Sources: ethereum/execution-apis for the methods, go-ethereum's `core/error.go` and `txpool/errors.go` for the messages,
Flare's contract artifacts for the calls; the public nodes give logs of 30 blocks at most.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from eth_abi.abi import decode, encode
from web3 import Web3
from web3.providers.base import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.flare.contracts import LOG_BLOCKS_MAX, Web3Flare
from flareflow.adapters.flare.evm_signer import KmsEvmSigner
from flareflow.keccak import keccak256
from tests.support.kms import MemoryKms

CHAIN_ID: Final = 114
FIRST_ROUND_START: Final = 1_658_430_000
ROUND_SECONDS: Final = 90
REGISTRY: Final = "0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019"
ADDRESSES: Final = {
    name: f"0x{number:040x}"
    for number, name in enumerate(
        ["FdcHub", "FdcRequestFeeConfigurations", "FlareSystemsManager", "Relay", "Submission"], start=1
    )
}
ANOTHER_CONTRACT: Final = f"0x{99:040x}"


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


@dataclass
class FlareNode(BaseProvider):
    """One node. Block n is made 2 s after block n - 1; `logs` are as `eth_getLogs` returns them."""

    head: int = 1_000
    fee_wei: int = 1_000
    nonces: dict[str, int] = field(default_factory=lambda: {"latest": 5, "pending": 5})
    receipts: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    transactions: dict[bytes, dict[str, object]] = field(default_factory=dict)
    blocks: dict[int, list[bytes]] = field(default_factory=dict)
    policy_starts: dict[int, int] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)
    finalized: bool = False
    refusal: str | None = None
    sent: list[bytes] = field(default_factory=list)
    log_ranges: list[tuple[int, int]] = field(default_factory=list)
    kms: MemoryKms = field(default_factory=MemoryKms)

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def flare(self) -> Web3Flare:
        return Web3Flare.over(self, REGISTRY, KmsEvmSigner(KmsKey(cast("Any", self.kms), "key-1")))

    def time_of(self, block: int) -> int:
        return FIRST_ROUND_START + 2 * block

    def mine(self, transaction_hash: bytes, block: int, status: int = 1) -> None:
        """Put a transaction into a block; status 0 means that it reverted there."""
        self.receipts[transaction_hash] = {"status": hex(status), "blockNumber": hex(block)}

    def transact(self, block: int, to: str | None, transaction_input: bytes) -> bytes:
        """Put a transaction into a block; returns its hash. `to` is None for the creation of a contract."""
        transaction_hash = keccak256(f"{block}".encode() + transaction_input)
        shown: dict[str, object] = {
            "hash": Web3.to_hex(transaction_hash),
            "to": to,
            "input": Web3.to_hex(transaction_input),
        }
        self.transactions[transaction_hash] = shown
        self.blocks.setdefault(block, []).append(transaction_hash)
        return transaction_hash

    def emit(
        self,
        contract: str,
        block: int,
        topics: list[bytes],
        data: bytes,
        transaction_input: bytes,
        *,
        to: str | None = "",
    ) -> bytes:
        """An event of a contract, made by a call of it or of `to` with this input; returns the transaction's hash."""
        transaction_hash = self.transact(block, ADDRESSES[contract] if to == "" else to, transaction_input)
        self.logs.append(
            {
                "address": ADDRESSES[contract],
                "topics": [Web3.to_hex(topic) for topic in topics],
                "data": Web3.to_hex(data),
                "blockNumber": hex(block),
                "transactionHash": Web3.to_hex(transaction_hash),
                "transactionIndex": "0x0",
                "blockHash": Web3.to_hex(bytes(32)),
                "logIndex": "0x0",
                "removed": False,
            }
        )
        return transaction_hash

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        answers: dict[str, Callable[[Any], object]] = {
            "eth_chainId": lambda _: hex(CHAIN_ID),
            "eth_gasPrice": lambda _: hex(25 * 10**9),
            "eth_blockNumber": lambda _: hex(self.head),
            "eth_call": lambda asked: Web3.to_hex(self._call(asked[0])),
            "eth_getTransactionCount": lambda asked: hex(self.nonces[asked[1]]),
            "eth_getTransactionReceipt": lambda asked: self.receipts.get(bytes.fromhex(asked[0][2:])),
            "eth_getBlockByNumber": lambda asked: self._block(asked[0], is_full=asked[1]),
            "eth_getTransactionByHash": lambda asked: self.transactions[bytes.fromhex(asked[0][2:])],
            "eth_getLogs": lambda asked: self._logs(asked[0]),
        }
        if method == "eth_sendRawTransaction":
            return self._send(bytes.fromhex(params[0][2:]))
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": 1, "result": answers[method](params)})

    def _send(self, transaction: bytes) -> RPCResponse:
        if self.refusal is not None:
            error = {"code": -32000, "message": self.refusal}
            return cast("RPCResponse", {"jsonrpc": "2.0", "id": 1, "error": error})
        self.sent.append(transaction)
        return cast("RPCResponse", {"jsonrpc": "2.0", "id": 1, "result": Web3.to_hex(keccak256(transaction))})

    def _call(self, call: dict[str, Any]) -> bytes:
        data = bytes.fromhex(call["data"][2:])
        views: dict[str, Callable[[], tuple[str, object]]] = {
            "getContractAddressByName(string)": lambda: ("address", ADDRESSES[decode(["string"], data[4:])[0]]),
            "getRequestFee(bytes)": lambda: ("uint256", self.fee_wei),
            "firstVotingRoundStartTs()": lambda: ("uint64", FIRST_ROUND_START),
            "votingEpochDurationSeconds()": lambda: ("uint64", ROUND_SECONDS),
            "isFinalized(uint256,uint256)": lambda: ("bool", self.finalized),
            "lastInitializedRewardEpochData()": lambda: ("(uint32,uint32)", max(self.policy_starts.items())),
            "startingVotingRoundIds(uint256)": lambda: (
                "uint256",
                self.policy_starts.get(int.from_bytes(data[4:]), 0),
            ),
        }
        (asked,) = (view for signature, view in views.items() if selector(signature) == data[:4])
        kind, value = asked()
        return encode([kind], [value])

    def _block(self, which: str, *, is_full: bool) -> dict[str, object]:
        """As on every chain of Avalanche's code, the extra data are 80 bytes."""
        number = self.head if which == "latest" else int(which, 16)
        hashes = self.blocks.get(number, [])
        transactions = [self.transactions[one] for one in hashes] if is_full else [Web3.to_hex(one) for one in hashes]
        return {
            "number": hex(number),
            "timestamp": hex(self.time_of(number)),
            "extraData": Web3.to_hex(bytes(80)),
            "transactions": transactions,
        }

    def _logs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        assert last - first < LOG_BLOCKS_MAX, f"public nodes give logs of {LOG_BLOCKS_MAX} blocks at most"
        assert last <= self.head, "logs beyond the head cannot be asked for"
        self.log_ranges.append((first, last))
        topics = [Web3.to_hex(topic) if isinstance(topic, bytes) else topic for topic in wanted["topics"]]
        return [
            log
            for log in self.logs
            if [log["address"]] == [address.lower() for address in wanted["address"]]
            and first <= int(log["blockNumber"], 16) <= last
            and log["topics"][: len(topics)] == topics
        ]
