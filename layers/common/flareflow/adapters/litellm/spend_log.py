"""LiteLLM's proxy: its administration API over HTTP, its spend log, and what its callback pushes."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final, Literal

import httpx
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from flareflow.errors import InvalidRequestError, SpendLogUnavailableError
from flareflow.metering.models import FinishedCall, PushedCalls, SpendPage, Window

PAGE_ROWS_MAX: Final = 500
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
PUSH_EVENTS_MAX: Final = 500
PUSH_BYTES_MAX: Final = 5 * 1024 * 1024
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
NANOUSD: Final = 1_000_000_000
SPEND_LOG_TIME: Final = "%Y-%m-%d %H:%M:%S"

logger = logging.getLogger(__name__)


class MasterKey(httpx.Auth):
    """Bearer authentication with a key that is only asked for when a request is made."""

    def __init__(self, value: Callable[[], str]) -> None:
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["authorization"] = f"Bearer {self._value()}"
        yield request


def litellm_client(url: str, master_key: Callable[[], str]) -> httpx.Client:
    """HTTP to LiteLLM's administration API: one pool of connections, no redirects, bounded waiting."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx.Client(base_url=url, auth=MasterKey(master_key), timeout=timeout)


type Text = Annotated[str, Field(min_length=1, max_length=256)]
type Tokens = Annotated[int, Field(ge=0, le=1_000_000_000)]
type Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class _Call(BaseModel):
    """The fields that LiteLLM's spend log and its callback have in common."""

    litellm_call_id: Text
    model: Annotated[str, Field(max_length=256)] = ""
    model_group: Annotated[str, Field(max_length=256)] | None = None
    prompt_tokens: Tokens
    completion_tokens: Tokens

    def finished(self, key_hash: str, spend_usd: Decimal, started_at: datetime, ended_at: datetime) -> FinishedCall:
        """`model` is the name that the caller used.

        The cost is rounded to the nearest nano-dollar, as LiteLLM computes it with floats (1.4999999999999999e-05).
        """
        return FinishedCall(
            litellm_call_id=self.litellm_call_id,
            key_hash=key_hash,
            model=self.model_group or self.model,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cost_nanousd=round(spend_usd * NANOUSD),
            started_at=started_at.astimezone(UTC),
            ended_at=ended_at.astimezone(UTC),
        )


class _Row(_Call):
    """One row of `GET /spend/logs/v2`."""

    status: Literal["success"]
    api_key: Text
    spend: Usd
    startTime: AwareDatetime  # noqa: N815
    endTime: AwareDatetime  # noqa: N815

    def call(self) -> FinishedCall:
        return self.finished(self.api_key, self.spend, self.startTime, self.endTime)


class _PushMetadata(BaseModel):
    user_api_key_hash: Text


class _PushedEvent(_Call):
    """One element of what the `generic_api` callback posts (LiteLLM's StandardLoggingPayload)."""

    status: Literal["success"]
    metadata: _PushMetadata
    response_cost: Usd
    startTime: AwareDatetime  # noqa: N815
    endTime: AwareDatetime  # noqa: N815

    def call(self) -> FinishedCall:
        return self.finished(self.metadata.user_api_key_hash, self.response_cost, self.startTime, self.endTime)


type Objects = list[dict[str, object]]

_ROWS: Final = TypeAdapter(Annotated[Objects, Field(max_length=PAGE_ROWS_MAX)])
_EVENTS: Final = TypeAdapter(Annotated[Objects, Field(max_length=PUSH_EVENTS_MAX)])


@dataclass(frozen=True, slots=True)
class LiteLLMSpendLog:
    """`SpendLog` over `GET /spend/logs/v2`, which takes whole seconds and filters on the start time.

    A page is the last one when it is short; LiteLLM's own `total` stops counting at 10,000.
    """

    http: httpx.Client

    def page(self, window: Window, number: int) -> SpendPage:
        try:
            rows = _ROWS.validate_python(_object(self._get(window, number)).get("data"))
        except (httpx.HTTPError, ValueError) as error:
            raise SpendLogUnavailableError(f"LiteLLM gave no page {number} of {window}: {error}") from error
        calls = tuple(_readable(_Row, rows))
        return SpendPage(calls, is_last=len(rows) < PAGE_ROWS_MAX, unreadable=len(rows) - len(calls))

    def _get(self, window: Window, number: int) -> bytes:
        query = {
            "start_date": window.start.astimezone(UTC).strftime(SPEND_LOG_TIME),
            "end_date": (window.end.astimezone(UTC) + timedelta(seconds=1)).strftime(SPEND_LOG_TIME),
            "page": str(number),
            "page_size": str(PAGE_ROWS_MAX),
            "sort_by": "startTime",
            "sort_order": "asc",
            "status_filter": "success",
        }
        with self.http.stream("GET", "/spend/logs/v2", params=query) as response:
            response.raise_for_status()
            return _bounded(response.iter_bytes())


def pushed_calls(body: bytes) -> PushedCalls:
    """Read a push: a JSON array of events, of which only successes concern us.

    Raises InvalidRequestError when the body is too long or no such array.
    """
    if len(body) > PUSH_BYTES_MAX:
        raise InvalidRequestError("push_too_large", f"a push has at most {PUSH_BYTES_MAX} bytes, not {len(body)}")
    try:
        events = _EVENTS.validate_python(json.loads(body, parse_float=Decimal))
    except ValueError as error:
        message = f"a push is a JSON array of at most {PUSH_EVENTS_MAX} events"
        raise InvalidRequestError("invalid_push", message) from error
    successes = [event for event in events if event.get("status") != "failure"]
    calls = tuple(_readable(_PushedEvent, successes))
    return PushedCalls(len(events), calls, malformed=len(successes) - len(calls))


def _readable(model: type[_Row] | type[_PushedEvent], objects: Objects) -> Iterator[FinishedCall]:
    """The calls among `objects`. One that cannot be read must not hold up the others, but leaves a log line."""
    for one in objects:
        try:
            yield model.model_validate(one).call()
        except ValidationError as error:
            wrong = error.errors(include_input=False, include_url=False, include_context=False)
            logger.warning("LiteLLM told of a call in a form that we do not know: %s", wrong)


def _bounded(chunks: Iterable[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > ANSWER_BYTES_MAX:
            raise ValueError(f"an answer longer than {ANSWER_BYTES_MAX} bytes")
    return bytes(content)


def _object(content: bytes) -> Mapping[str, object]:
    """A JSON object whose numbers keep their decimal text. Raises ValueError for anything else."""
    value = json.loads(content, parse_float=Decimal)
    if not isinstance(value, dict):
        raise ValueError("an answer that is no JSON object")
    return value
