"""A row of LiteLLM's spend log, of whatever form, as a call or as something to set aside."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, Json, StrictInt, StrictStr, ValidationError

from flareflow.metering.calls import NO_UNITS, LoggedCall, SetAside, Tokens, Units
from flareflow.metering.rows import KeyForm, LoggedRow, Reason

BODY_CHARACTERS_MAX: Final = 100_000
"""A DynamoDB item has at most 400 kB; a row that LiteLLM does not trim has about 10 kB."""
NANOUSD: Final = 1_000_000_000
COST_NANOUSD_MAX: Final = 1_000_000 * NANOUSD
DIGITS_MAX: Final = 20
KEYS_REMEMBERED: Final = 4096
TOKENS_MAX: Final = 1_000_000_000
SECONDS_MAX: Final = 1_000_000
CACHE_MARK: Final = "_cache_hit"
CACHE_HIT: Final = re.compile(rf"{CACHE_MARK}[0-9.]+$")
BATCH_COST: Final = "_batch_cost"
OWN_NAMES: Final = frozenset({"litellm_proxy_master_key", "litellm-internal-health-check", "litellm-cli"})
SESSION: Final = re.compile(r"(cli-session-|hashed-jwt-).+")
HASH: Final = re.compile(r"[0-9a-f]{64}")
MANAGED_BEGIN: Final = base64.b64encode(b"litellm:custom_llm_provider").decode()
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
    if moment.tzinfo is UTC:
        return moment
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time is between the years 1 and 9999 in UTC") from error


type _Count = Annotated[StrictInt, Field(ge=0, le=TOKENS_MAX)]
type _Name = Annotated[StrictStr, Field(max_length=1024)]


type _Seconds = Annotated[float, Field(strict=True, ge=0, le=SECONDS_MAX, allow_inf_nan=False)]


class _Cached(BaseModel):
    audio_tokens: _Count | None = None


class _InputDetails(BaseModel):
    image_count: _Count | None = None
    audio_length_seconds: _Seconds | None = None
    cached_tokens: _Count | None = None
    cached_tokens_details: _Cached | None = None
    cache_creation_tokens: _Count | None = None
    cache_write_tokens: _Count | None = None
    audio_tokens: _Count | None = None

    @property
    def audio(self) -> int:
        """Tokens of sound that were not read from a cache."""
        cached = self.cached_tokens_details.audio_tokens if self.cached_tokens_details else None
        return max(0, (self.audio_tokens or 0) - (cached or 0))


class _OutputDetails(BaseModel):
    reasoning_tokens: _Count | None = None
    audio_tokens: _Count | None = None


_NO_INPUT_DETAILS: Final = _InputDetails()
_NO_OUTPUT_DETAILS: Final = _OutputDetails()


class _UsageObject(BaseModel):
    """LiteLLM writes the usage of every API in the form of OpenAI's chat completions."""

    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    output_image_count: _Count | None = None
    seconds: _Seconds | None = None

    @property
    def units(self) -> Units:
        """Images that were made, or went in; the length of sound, parts of a millisecond left out."""
        told = self.prompt_tokens_details or _InputDetails()
        images, seconds = self.output_image_count or told.image_count, self.seconds or told.audio_length_seconds
        return Units(images or 0, int(Decimal(str(seconds or 0)) * 1_000)) if images or seconds else NO_UNITS

    @property
    def parts(self) -> dict[str, int]:
        """The parts of input and output, by the names of `Tokens.of_parts`."""
        told = self.prompt_tokens_details or _NO_INPUT_DETAILS
        written = self.completion_tokens_details or _NO_OUTPUT_DETAILS
        return {
            "cache_read": self.cache_read_input_tokens or told.cached_tokens or 0,
            "cache_write": (
                self.cache_creation_input_tokens or told.cache_creation_tokens or told.cache_write_tokens or 0
            ),
            "audio_input": told.audio,
            "reasoning": written.reasoning_tokens or 0,
            "audio_output": written.audio_tokens or 0,
        }


_NO_USAGE: Final = _UsageObject()


class _ModelMap(BaseModel):
    model_map_key: _Name | None = None


class _Metadata(BaseModel):
    usage_object: _UsageObject | None = None
    model_map_information: _ModelMap | None = None


class Row(BaseModel):
    """The parts of a row that are used here; the times are read by `call`, in a third of pydantic's time."""

    request_id: Annotated[StrictStr, Field(min_length=1, max_length=1024)]
    call_type: _Name
    api_key: _Name | None = None
    spend: object = None
    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count
    startTime: StrictStr  # noqa: N815
    endTime: StrictStr  # noqa: N815
    model: _Name | None = None
    model_group: _Name | None = None
    metadata: Annotated[_Metadata | Json[_Metadata], Field(union_mode="left_to_right")]
    status: Literal["success", "failure"] | None = None
    litellm_call_id: _Name | None = None

    @property
    def parts(self) -> dict[str, int]:
        return (self.metadata.usage_object or _NO_USAGE).parts

    @property
    def base_model(self) -> str | None:
        """What the deployment calls: the name by which LiteLLM knows its costs, where the row has that."""
        known = self.metadata.model_map_information
        return (known.model_map_key if known else None) or self.model or None

    def reason(self) -> Reason | None:
        """Why nobody can be billed for it; None when its numbers agree."""
        parts = self.parts
        of_input = max(parts["cache_read"] + parts["cache_write"], parts["audio_input"])
        of_output = parts["reasoning"] + parts["audio_output"]
        if of_input > self.prompt_tokens or of_output > self.completion_tokens:
            return Reason.TOKENS_UNREADABLE
        return None if self.total_tokens == self.prompt_tokens + self.completion_tokens else Reason.TOTAL_DIFFERS

    @property
    def from_cache(self) -> bool:
        return CACHE_MARK in self.request_id and CACHE_HIT.search(self.request_id) is not None

    def call(self) -> LoggedCall:
        """Raises ValueError for times that cannot be read."""
        started_at = _moment(self.startTime)
        return LoggedCall(
            request_id=self.request_id,
            started_at=started_at,
            ended_at=max(started_at, _moment(self.endTime)),
            key_hash=self.api_key or "",
            call_type=self.call_type,
            model=self.model_group or self.model or "",
            tokens=Tokens.of_parts(input_tokens=self.prompt_tokens, output_tokens=self.completion_tokens, **self.parts),
            cost_nanousd=cost_nanousd(self.spend),
            call_id=self.litellm_call_id or None,
            upstream_id=None if self.from_cache else upstream_id(self.request_id),
            failed=self.status == "failure",
            base_model=self.base_model,
            units=(self.metadata.usage_object or _NO_USAGE).units,
        )


def read_row(row: object) -> LoggedRow | SetAside:
    """The call of a row, or the row with the reason why it is none. Never raises."""
    try:
        return told_by(Row.model_validate(row), lambda: row)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]) if isinstance(row, dict) else ""
        return _set_aside(row, _REASONS.get(name, Reason.FORM_UNKNOWN))


def told_by(row: Row, whole: Callable[[], object]) -> LoggedRow | SetAside:
    """The call of a row of the known form; `whole` gives all of the row, and is asked only where somebody needs it."""
    reason = row.reason()
    if reason is None:
        try:
            return LoggedRow(row.call(), partial(_text_of, whole), key_form(row.api_key))
        except ValueError:
            reason = Reason.TIME_UNREADABLE
    return _set_aside(whole(), reason)


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


@lru_cache(maxsize=KEYS_REMEMBERED)
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
    inner = plain.removeprefix("resp_")
    if not inner.startswith(MANAGED_BEGIN):
        return plain
    try:
        decoded = base64.b64decode(inner, validate=True).decode()
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


def _set_aside(row: object, reason: Reason) -> SetAside:
    body = _text_of(lambda: row)
    fields = row if isinstance(row, dict) else {}
    return SetAside(identity_of(fields, body), reason, body, started_at(fields))


def _text_of(whole: Callable[[], object]) -> str:
    return json.dumps(whole(), default=str, separators=(",", ":"))[:BODY_CHARACTERS_MAX]
