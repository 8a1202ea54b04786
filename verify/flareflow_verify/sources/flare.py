"""A node of Flare by JSON-RPC: calls of its contracts' views, logs, blocks and transactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from flareflow.adapters.http import read_answer
from flareflow.attestation.relay import FDC_PROTOCOL_ID
from flareflow.keccak import WORD_BYTES, keccak256
from flareflow_verify.bundle import Hash, Hex, OnFlare
from flareflow_verify.sources.http import SourceError

REGISTRY: Final = "0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019"
"""The address of FlareContractRegistry on all of Flare's networks."""
ANSWER_BYTES_MAX: Final = 8_000_000
MESSAGE_CHARACTERS_MAX: Final = 200
LOGS_MAX: Final = 1_000


class RefusedError(SourceError):
    """The node answers that it does not do what was asked."""


class _Error(BaseModel):
    message: str


class _Answer(BaseModel):
    result: Any = None
    error: _Error | None = None


def _quantity(given: object) -> object:
    return int(given, 16) if isinstance(given, str) and given.startswith("0x") and len(given) <= 2 + 64 else given


class Log(BaseModel):
    """One event of a contract."""

    topics: Annotated[tuple[Hash, ...], Field(max_length=4)]
    data: Hex
    transactionHash: Hash  # noqa: N815  # the field's name in JSON-RPC


class Block(BaseModel):
    """A block's number, and its time in Unix seconds."""

    number: Annotated[int, BeforeValidator(_quantity)]
    timestamp: Annotated[int, BeforeValidator(_quantity)]


class _Transaction(BaseModel):
    input: Hex


_ANSWER: Final = TypeAdapter(_Answer)
_BYTES: Final = TypeAdapter[bytes](Hex)
_NUMBER: Final = TypeAdapter[int](Annotated[int, BeforeValidator(_quantity)])
_LOGS: Final = TypeAdapter(Annotated[tuple[Log, ...], Field(max_length=LOGS_MAX)])
_BLOCK: Final = TypeAdapter(Block)
_TRANSACTION: Final = TypeAdapter(_Transaction)


@dataclass(frozen=True)
class FlareNode:
    """Every method raises SourceError without a usable answer; RefusedError, one of them, for an error of JSON-RPC."""

    http: httpx.Client
    url: str
    registry_address: str = REGISTRY

    @cached_property
    def chain_id(self) -> int:
        """The chain that this is a node of; asked for once, however many bills are gathered."""
        return self._ask(_NUMBER, "eth_chainId", [])

    def require_chain(self, chain_id: int) -> None:
        """Raise SourceError unless this is a node of the chain whose voters sign, as the light client on Flow says."""
        if self.chain_id != chain_id:
            raise SourceError(
                f"the node {self.url} is of chain {self.chain_id}, and the contract on Flow takes the signatures of "
                f"chain {chain_id}; name a node of that chain with --flare"
            )

    def on_flare(self, voting_round: int, reward_epoch: int) -> OnFlare:
        """The Relay's root of a round of the Data Connector, and its hash of a reward epoch's signing policy."""
        relay = self.contract("Relay")
        root = self.view(relay, "merkleRoots(uint256,uint256)", FDC_PROTOCOL_ID, voting_round)
        return OnFlare(root=root, policy_hash=self.view(relay, "toSigningPolicyHash(uint256)", reward_epoch))

    def contract(self, name: str) -> str:
        """The address of one of Flare's contracts, of which the name has at most 32 characters.

        Raises SourceError if the registry does not know it.
        """
        text = _words(WORD_BYTES, len(name)) + name.encode().ljust(WORD_BYTES, b"\0")
        word = self._word(self.registry_address, "getContractAddressByName(string)", text)
        if not any(word):
            raise SourceError(f"the registry {self.registry_address} knows no {name}; name another: --flare-registry")
        return f"0x{word[12:].hex()}"

    def view(self, contract: str, signature: str, *arguments: int) -> bytes:
        """The one word that a view of a contract returns."""
        return self._word(contract, signature, _words(*arguments))

    def logs(
        self, contracts: Sequence[str], events: Sequence[bytes], topic: int, first: int, last: int
    ) -> Sequence[Log]:
        """The logs of these events with this first indexed value, in these blocks."""
        topics = [[f"0x{event.hex()}" for event in events], f"0x{topic:064x}"]
        wanted = {"address": list(contracts), "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        return self._ask(_LOGS, "eth_getLogs", [wanted])

    def newest_block(self) -> Block:
        return self._ask(_BLOCK, "eth_getBlockByNumber", ["latest", False])

    def block(self, number: int) -> Block:
        return self._ask(_BLOCK, "eth_getBlockByNumber", [hex(number), False])

    def calldata(self, transaction_hash: bytes) -> bytes:
        """The input of a transaction."""
        return self._ask(_TRANSACTION, "eth_getTransactionByHash", [f"0x{transaction_hash.hex()}"]).input

    def _word(self, contract: str, signature: str, arguments: bytes) -> bytes:
        calldata = keccak256(signature.encode())[:4] + arguments
        answer = self._ask(_BYTES, "eth_call", [{"to": contract, "data": f"0x{calldata.hex()}"}, "latest"])
        if len(answer) != WORD_BYTES:
            raise SourceError(f"{contract} on the node {self.url} is no contract with {signature}")
        return answer

    def _ask[T](self, model: TypeAdapter[T], method: str, parameters: list[Any]) -> T:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        try:
            answer = read_answer(self.http.stream("POST", self.url, json=request), ANSWER_BYTES_MAX)
            parsed = _ANSWER.validate_json(answer.body)
            if parsed.error is not None:
                raise RefusedError(
                    f"Flare's node {self.url} refused {method}: {parsed.error.message[:MESSAGE_CHARACTERS_MAX]}"
                )
            return model.validate_python(parsed.result)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"Flare's node {self.url} gave no answer to {method}: {error}") from error
        except ValidationError as error:
            raise SourceError(f"Flare's node {self.url} answered {method} in an unknown form") from error


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(WORD_BYTES) for number in numbers)
