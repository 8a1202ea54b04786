"""Flow's Access API over REST: scripts, account keys, blocks, events and results of transactions.

It needs no chain library, so every function may import it; `transactions` sends over gRPC.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flareflow.accounts.models import FULL_WEIGHT
from flareflow.adapters.flow.cadence import cadence_code
from flareflow.adapters.flow.json_cdc import Argument, Value, decode
from flareflow.adapters.http import Answer, AnswerTooLongError, read_answer
from flareflow.errors import (
    FlowAnswerTooLargeError,
    FlowNotFoundError,
    FlowRefusedError,
    FlowUnavailableError,
    UnavailableError,
)

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
TIMEOUT_SECONDS: Final = 10.0
REASON_CHARACTERS_MAX: Final = 400
TOO_LARGE: Final = "message larger than max"
"""gRPC's words for an answer that an access node cannot pass on from an execution node."""


class RestAccountKey(BaseModel):
    """A key of a Flow account. `public_key` is the 64 bytes X and Y in hex with `0x`."""

    index: int
    public_key: str
    signing_algorithm: str
    hashing_algorithm: str
    sequence_number: int
    weight: int
    revoked: bool

    def signs_alone(self, public_key: bytes) -> bool:
        """True when it is `public_key` (X and Y, 64 bytes), has full weight and is not revoked."""
        is_ours = self.public_key.removeprefix("0x") == public_key.hex()
        return is_ours and self.weight >= FULL_WEIGHT and not self.revoked


class BlockHeader(BaseModel):
    """A block: `id` is 32 bytes in hex."""

    id: str
    height: int
    timestamp: datetime


class Event(BaseModel):
    """One event. `payload` is base64 of JSON-Cadence."""

    type: str
    transaction_id: str
    transaction_index: int
    event_index: int
    payload: bytes

    def fields(self) -> Value:
        """The event's fields by name. Raises ValueError for a payload of another form."""
        return decode(base64.b64decode(self.payload, validate=True))


class TransactionResult(BaseModel):
    """The result of a transaction. `status` is empty when the node does not know the transaction."""

    status: str
    status_code: int
    error_message: str
    block_id: str
    events: list[Event] = []


class BlockEvents(BaseModel):
    """The events of one type in one block."""

    block_height: int
    block_timestamp: datetime
    events: list[Event] = []


class _Keys(BaseModel):
    keys: list[RestAccountKey] = []


class _Account(BaseModel):
    balance: Annotated[int, Field(ge=0)]


class _Block(BaseModel):
    header: BlockHeader


_BLOCKS: Final = TypeAdapter(list[_Block])
_BLOCK_EVENTS: Final = TypeAdapter(list[BlockEvents])
_RESULT: Final = TypeAdapter(TransactionResult)
_KEYS: Final = TypeAdapter(_Keys)
_KEY: Final = TypeAdapter(RestAccountKey)
_ACCOUNT: Final = TypeAdapter(_Account)
_TEXT: Final = TypeAdapter(bytes)
_FAILURES: Final[Mapping[int, type[UnavailableError]]] = {
    HTTPStatus.BAD_REQUEST: FlowRefusedError,
    HTTPStatus.NOT_FOUND: FlowNotFoundError,
}


@dataclass(frozen=True, slots=True)
class FlowRest:
    """The access node's REST API; `http` has its base address (without `/v1`) and a timeout.

    Every method raises FlowUnavailableError when the node gives no answer or one of an unknown form, FlowRefusedError
    when it answers 400, FlowNotFoundError when it answers 404; FlowAnswerTooLargeError, a FlowUnavailableError, for an
    answer that is longer than `ANSWER_BYTES_MAX`, that the node finds too long itself, or that does not come in time.
    """

    http: httpx.Client

    def execute(self, code: str, arguments: Sequence[Argument] = (), height: int | None = None) -> Value:
        """The value that a script returns after the block at a height; by default the latest sealed one.

        Raises FlowRefusedError when it panics, and when the node does not keep the state after that block.
        """
        body = {
            "script": base64.b64encode(code.encode()).decode(),
            "arguments": [base64.b64encode(argument.encode()).decode() for argument in arguments],
        }
        at = "sealed" if height is None else str(height)
        answer = self._ask(_TEXT, "POST", "/v1/scripts", {"block_height": at}, body)
        try:
            return decode(base64.b64decode(answer, validate=True))
        except ValueError as error:
            raise FlowUnavailableError("Flow's answer to a script is not JSON-Cadence") from error

    def account_keys(self, address: str) -> list[RestAccountKey]:
        """All keys of an account at the latest sealed block, revoked ones too; none if the node refuses the address."""
        try:
            return self._ask(_KEYS, "GET", f"/v1/accounts/{_bare(address)}/keys").keys
        except FlowRefusedError:
            return []

    def account_key(self, address: str, index: int) -> RestAccountKey:
        """One key, with the sequence number that its next transaction must have."""
        return self._ask(_KEY, "GET", f"/v1/accounts/{_bare(address)}/keys/{index}")

    def account_balance(self, address: str) -> int:
        """What an account has at the latest sealed block, in 1e-8 FLOW."""
        return self._ask(_ACCOUNT, "GET", f"/v1/accounts/{_bare(address)}").balance

    def latest_final_block(self) -> BlockHeader:
        """The latest finalized block, which a new transaction should refer to."""
        return self._block("final")

    def latest_sealed_block(self) -> BlockHeader:
        """The latest sealed block; events and results up to it are final."""
        return self._block("sealed")

    def block(self, height: int) -> BlockHeader:
        """The block at a height. Raises FlowNotFoundError when the node does not have it."""
        return self._block(str(height))

    def events(self, event_type: str, first_height: int, last_height: int) -> list[BlockEvents]:
        """The events of one type in at most 250 sealed blocks, both ends included.

        Every block that was searched is in the answer, also one without events. A node that is behind searches only
        the first of the blocks and does not say so otherwise.
        """
        query = {"type": event_type, "start_height": str(first_height), "end_height": str(last_height)}
        return self._ask(_BLOCK_EVENTS, "GET", "/v1/events", query)

    def transaction_result(self, transaction_id: str) -> TransactionResult:
        """The result of a transaction by its id, 32 bytes in hex."""
        return self._ask(_RESULT, "GET", f"/v1/transaction_results/{transaction_id}")

    def _block(self, height: str) -> BlockHeader:
        blocks = self._ask(_BLOCKS, "GET", "/v1/blocks", {"height": height})
        if not blocks:
            raise FlowUnavailableError(f"Flow's answer has no block at height {height}")
        return blocks[0].header

    def _ask[T](
        self,
        model: TypeAdapter[T],
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> T:
        try:
            answer = read_answer(self.http.stream(method, path, params=query, json=body), ANSWER_BYTES_MAX)
        except (AnswerTooLongError, httpx.TimeoutException) as error:
            raise FlowAnswerTooLargeError(f"Flow gave no answer to {method} {path}: {error}") from error
        except httpx.HTTPError as error:
            raise FlowUnavailableError(f"Flow gave no answer to {method} {path}: {error}") from error
        if not answer.is_success:
            raise _failure(answer, f"{method} {path}")
        try:
            return model.validate_json(answer.body)
        except ValidationError as error:
            raise FlowUnavailableError(f"Flow's answer to {method} {path} has an unknown form") from error


def _failure(answer: Answer, request: str) -> UnavailableError:
    """What an answer that is not successful means."""
    reason = _reason(answer.body.decode(errors="replace"))
    failure = _FAILURES.get(answer.status, FlowUnavailableError)
    if TOO_LARGE in reason:
        failure = FlowAnswerTooLargeError
    return failure(f"Flow answered {request} with {answer.status}: {reason}")


def _reason(text: str) -> str:
    """The beginning of what a node says, and the cause of a Cadence error, which comes last."""
    if len(text) <= REASON_CHARACTERS_MAX:
        return text
    begin, found, cause = text.rpartition("error: ")
    if not found:
        return text[:REASON_CHARACTERS_MAX]
    half = REASON_CHARACTERS_MAX // 2
    return f"{begin[:half]}… {cause[:half]}"


def _bare(address: str) -> str:
    return address.removeprefix("0x")


def http_client(base_url: str) -> httpx.Client:
    """An HTTP client for `FlowRest`, with time limits."""
    return httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True)
class FlowScripts:
    """Runs the scripts of `infra/cadence/scripts` by path: `run("flare/get_root.cdc", [uint64(7)])`."""

    rest: FlowRest
    addresses: Mapping[str, str]

    def run(self, path: str, arguments: Sequence[Argument] = (), height: int | None = None) -> Value:
        """The value that the script returns. Raises what `FlowRest.execute` raises."""
        return self.rest.execute(cadence_code(f"scripts/{path}", self.addresses), arguments, height)
