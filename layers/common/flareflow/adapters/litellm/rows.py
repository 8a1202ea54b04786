"""A row of LiteLLM's spend log, of whatever form, as a call or as something to set aside."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field, StrictInt, StrictStr, ValidationError

from flareflow.metering.calls import LoggedCall, SetAside, Tokens
from flareflow.metering.rows import KeyForm, LoggedRow, Reason

BODY_CHARACTERS_MAX: Final = 100_000
"""A DynamoDB item has at most 400 kB; a row that LiteLLM does not trim has about 10 kB."""
NANOUSD: Final = 1_000_000_000
COST_NANOUSD_MAX: Final = 1_000_000 * NANOUSD
DIGITS_MAX: Final = 20
TOKENS_MAX: Final = 1_000_000_000
CACHE_HIT: Final = re.compile(r"_cache_hit[0-9.]+$")
BATCH_COST: Final = "_batch_cost"
OWN_NAMES: Final = frozenset({"litellm_proxy_master_key", "litellm-internal-health-check", "litellm-cli"})
SESSION: Final = re.compile(r"(cli-session-|hashed-jwt-).+")
HASH: Final = re.compile(r"[0-9a-f]{64}")
MANAGED_ID: Final = re.compile(r"litellm:custom_llm_provider:[^;]*;model_id:[^;]*;response_id:(.+)", re.DOTALL)

_REASONS: Final[Mapping[str, Reason]] = {
    "request_id": Reason.IDENTITY_UNREADABLE,
    "startTime": Reason.TIME_UNREADABLE,
    "endTime": Reason.TIME_UNREADABLE,
    "prompt_tokens": Reason.TOKENS_UNREADABLE,
    "completion_tokens": Reason.TOKENS_UNREADABLE,
    "total_tokens": Reason.TOKENS_UNREADABLE,
    "metadata": Reason.METADATA_UNREADABLE,
    "status": Reason.STATUS_UNKNOWN,
}


def _moment(value: object) -> datetime:
    """A time with an offset, `Z` or neither: LiteLLM's times are of UTC."""
    if not isinstance(value, str):
        raise ValueError("a time is text")
    moment = datetime.fromisoformat(value)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time is between the years 1 and 9999 in UTC") from error


def _parsed_text(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


type _Moment = Annotated[datetime, BeforeValidator(_moment)]
type _Count = Annotated[StrictInt, Field(ge=0, le=TOKENS_MAX)]
type _Name = Annotated[StrictStr, Field(max_length=1024)]


class _Details(BaseModel):
    cached_tokens: _Count | None = None
    cache_creation_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None


class _UsageObject(BaseModel):
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    prompt_tokens_details: _Details | None = None


class _Metadata(BaseModel):
    usage_object: _UsageObject | None = None


class _Row(BaseModel):
    """The parts of a row that are used here."""

    request_id: Annotated[StrictStr, Field(min_length=1, max_length=1024)]
    call_type: _Name
    api_key: _Name | None = None
    spend: object = None
    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count
    startTime: _Moment  # noqa: N815
    endTime: _Moment  # noqa: N815
    model: _Name | None = None
    model_group: _Name | None = None
    metadata: Annotated[_Metadata, BeforeValidator(_parsed_text)]
    status: Literal["success", "failure"] | None = None
    litellm_call_id: _Name | None = None

    @property
    def cache_read(self) -> int:
        usage = self.metadata.usage_object or _UsageObject()
        details = usage.prompt_tokens_details or _Details()
        return usage.cache_read_input_tokens or details.cached_tokens or 0

    @property
    def cache_write(self) -> int:
        usage = self.metadata.usage_object or _UsageObject()
        details = usage.prompt_tokens_details or _Details()
        return usage.cache_creation_input_tokens or details.cache_creation_tokens or details.cache_write_tokens or 0

    def reason(self) -> Reason | None:
        """Why nobody can be billed for it; None when its numbers agree."""
        if self.cache_read + self.cache_write > self.prompt_tokens:
            return Reason.TOKENS_UNREADABLE
        return None if self.total_tokens == self.prompt_tokens + self.completion_tokens else Reason.TOTAL_DIFFERS

    def call(self) -> LoggedCall:
        from_cache = CACHE_HIT.search(self.request_id) is not None
        return LoggedCall(
            request_id=self.request_id,
            started_at=self.startTime,
            ended_at=max(self.startTime, self.endTime),
            key_hash=self.api_key or "",
            call_type=self.call_type,
            model=self.model_group or self.model or "",
            tokens=Tokens(
                prompt=self.prompt_tokens - self.cache_read - self.cache_write,
                cache_read=self.cache_read,
                cache_write=self.cache_write,
                completion=self.completion_tokens,
            ),
            cost_nanousd=cost_nanousd(self.spend),
            call_id=self.litellm_call_id or None,
            upstream_id=None if from_cache else upstream_id(self.request_id),
            failed=self.status == "failure",
        )


def read_row(row: object) -> LoggedRow | SetAside:
    """The call of a row, or the row with the reason why it is none. Never raises."""
    body = json.dumps(row, default=str, separators=(",", ":"))[:BODY_CHARACTERS_MAX]
    if not isinstance(row, dict):
        return _set_aside({}, body, Reason.FORM_UNKNOWN)
    try:
        read = _Row.model_validate(row)
    except ValidationError as error:
        return _set_aside(row, body, _REASONS.get(str(error.errors()[0]["loc"][0]), Reason.FORM_UNKNOWN))
    if reason := read.reason():
        return _set_aside(row, body, reason)
    return LoggedRow(read.call(), body, key_form(read.api_key), CACHE_HIT.search(read.request_id) is not None)


def parsed(text: str | bytes) -> object:
    """JSON whose decimals keep their text, and whose integers beyond 64 bits stay text. Raises ValueError."""
    return json.loads(text, parse_float=Decimal, parse_int=_integer)


def changed_row(body: str, changes: Mapping[str, object]) -> LoggedRow | SetAside:
    """`read_row` of a row's JSON text after some of its fields were replaced. Raises ValueError for no JSON object."""
    row = parsed(body)
    if not isinstance(row, dict):
        raise ValueError("a row is a JSON object")
    return read_row({**row, **changes})


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < DIGITS_MAX else digits


def cost_nanousd(spend: object) -> int | None:
    """What LiteLLM says that the provider charges; None for anything but a usable amount of dollars.

    Rounded to the nearest nano-dollar, because LiteLLM computes it with floats: 1.4999999999999999e-05.
    """
    try:
        amount = Decimal(str(spend)) * NANOUSD
    except ArithmeticError:
        return None
    return round(amount) if amount.is_finite() and 0 <= amount <= COST_NANOUSD_MAX else None


def key_form(api_key: str | None) -> KeyForm:
    """What the text in `api_key` looks like."""
    if not api_key:
        return KeyForm.MISSING
    if HASH.fullmatch(api_key):
        return KeyForm.HASH
    if api_key in OWN_NAMES:
        return KeyForm.OF_LITELLM
    return KeyForm.SESSION if SESSION.fullmatch(api_key) else KeyForm.NAME


def upstream_id(request_id: str) -> str:
    """The id in the provider's answer: LiteLLM writes that of `/v1/responses` in base64, with what it adds."""
    plain = request_id.removesuffix(BATCH_COST)
    try:
        decoded = base64.b64decode(plain.removeprefix("resp_"), validate=True).decode()
    except (binascii.Error, ValueError):
        return plain
    managed = MANAGED_ID.fullmatch(decoded)
    return managed[1] if managed else plain


def identity_of(row: Mapping[str, Any], body: str) -> str:
    """A SHA-256 that is the same whenever the row is read: of its `request_id` and start, or else of all of it."""
    request_id, start = row.get("request_id"), row.get("startTime")
    named = f"{request_id}|{start}" if isinstance(request_id, str) and request_id else body
    return hashlib.sha256(named.encode(errors="replace")).hexdigest()


def started_at(row: Mapping[str, Any]) -> datetime | None:
    """When the call of a row started, if that can be read."""
    try:
        return _moment(row.get("startTime"))
    except ValueError:
        return None


def _set_aside(row: Mapping[str, Any], body: str, reason: Reason) -> SetAside:
    return SetAside(identity_of(row, body), reason, body, started_at(row))
