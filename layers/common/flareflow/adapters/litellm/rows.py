"""A row of LiteLLM's spend log, of whatever form, as a call or as something to set aside."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Annotated, Any, Final, Literal, Required, TypedDict

from pydantic import Field, Json, StrictInt, StrictStr, TypeAdapter, ValidationError

from flareflow.inputs import FIRST_MOMENT, LAST_MOMENT
from flareflow.metering.calls import NO_UNITS, LoggedCall, SetAside, Tokens, Units
from flareflow.metering.rows import KeyForm, LoggedRow, Reason

BODY_CHARACTERS_MAX: Final = 100_000
"""A DynamoDB item has at most 400 kB; a row that LiteLLM does not trim has about 10 kB."""
NANOUSD: Final = 1_000_000_000
COST_NANOUSD_MAX: Final = 1_000_000 * NANOUSD
FLOAT_USD_MAX: Final = 1_000
"""A float of so many nano-dollars is less than 0.0002 away from what its text says."""
CLEARLY_NEAREST: Final = 0.499
DIGITS_MAX: Final = 20
KEYS_REMEMBERED: Final = 4096
TOKENS_MAX: Final = 1_000_000_000
SECONDS_MAX: Final = 1_000_000
YEARS: Final = range(FIRST_MOMENT.year, LAST_MOMENT.year)
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
    if moment.year not in YEARS:
        raise ValueError(f"a time is from {YEARS.start} on and before {YEARS.stop}")
    if moment.tzinfo is UTC:
        return moment
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


type _Count = Annotated[StrictInt, Field(ge=0, le=TOKENS_MAX)]
type _Name = Annotated[StrictStr, Field(max_length=1024)]
type _Seconds = Annotated[float, Field(strict=True, ge=0, le=SECONDS_MAX, allow_inf_nan=False)]


class _Cached(TypedDict, total=False):
    audio_tokens: _Count | None


class _InputDetails(TypedDict, total=False):
    image_count: _Count | None
    audio_length_seconds: _Seconds | None
    cached_tokens: _Count | None
    cached_tokens_details: _Cached | None
    cache_creation_tokens: _Count | None
    cache_write_tokens: _Count | None
    audio_tokens: _Count | None


class _OutputDetails(TypedDict, total=False):
    reasoning_tokens: _Count | None
    audio_tokens: _Count | None


class _UsageObject(TypedDict, total=False):
    """LiteLLM writes the usage of every API in the form of OpenAI's chat completions."""

    cache_read_input_tokens: _Count | None
    cache_creation_input_tokens: _Count | None
    prompt_tokens_details: _InputDetails | None
    completion_tokens_details: _OutputDetails | None
    output_image_count: _Count | None
    seconds: _Seconds | None


class _ModelMap(TypedDict, total=False):
    model_map_key: _Name | None


class _Metadata(TypedDict, total=False):
    usage_object: _UsageObject | None
    model_map_information: _ModelMap | None


class Row(TypedDict, total=False):
    """The parts of a row that are used here. pydantic makes dictionaries of rows in two thirds of a model's time."""

    request_id: Required[Annotated[StrictStr, Field(min_length=1, max_length=1024)]]
    call_type: Required[_Name]
    api_key: _Name | None
    spend: object
    prompt_tokens: Required[_Count]
    completion_tokens: Required[_Count]
    total_tokens: Required[_Count]
    startTime: Required[StrictStr]
    endTime: Required[StrictStr]
    model: _Name | None
    model_group: _Name | None
    metadata: Required[Annotated[_Metadata | Json[_Metadata], Field(union_mode="left_to_right")]]
    status: Literal["success", "failure"] | None
    litellm_call_id: _Name | None


_ROW: Final = TypeAdapter(Row)
_NO_USAGE: Final = _UsageObject()
_NO_INPUT_DETAILS: Final = _InputDetails()
_NO_OUTPUT_DETAILS: Final = _OutputDetails()


def read_row(row: object) -> LoggedRow | SetAside:
    """The call of a row, or the row with the reason why it is none. Never raises."""
    try:
        read = call_of(_ROW.validate_python(row))
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]) if isinstance(row, dict) else ""
        return set_aside(row, _REASONS.get(name, Reason.FORM_UNKNOWN))
    if isinstance(read, Reason):
        return set_aside(row, read)
    return LoggedRow(read, partial(text_of, row), key_form(read.key_hash))


def call_of(row: Row) -> LoggedCall | Reason:
    """The call of a row of the known form, or the reason why it is none."""
    metadata = row["metadata"]
    usage = metadata.get("usage_object") or _NO_USAGE
    told = usage.get("prompt_tokens_details") or _NO_INPUT_DETAILS
    tokens = _tokens(row, usage, told)
    if isinstance(tokens, Reason):
        return tokens
    try:
        started_at, ended_at = _moment(row["startTime"]), _moment(row["endTime"])
    except ValueError:
        return Reason.TIME_UNREADABLE
    request_id, model = row["request_id"], row.get("model")
    return LoggedCall(
        request_id=request_id,
        started_at=started_at,
        ended_at=max(started_at, ended_at),
        key_hash=row.get("api_key") or "",
        call_type=row["call_type"],
        model=row.get("model_group") or model or "",
        tokens=tokens,
        cost_nanousd=cost_nanousd(row.get("spend")),
        call_id=row.get("litellm_call_id") or None,
        upstream_id=None if _is_from_cache(request_id) else upstream_id(request_id),
        failed=row.get("status") == "failure",
        base_model=_base_model(metadata) or model or None,
        units=_units(usage, told),
    )


def _tokens(row: Row, usage: _UsageObject, told: _InputDetails) -> Tokens | Reason:
    """The tokens by kind; why nobody can be billed for them where the numbers do not agree."""
    input_tokens, output_tokens = row["prompt_tokens"], row["completion_tokens"]
    read, stored = usage.get("cache_read_input_tokens"), usage.get("cache_creation_input_tokens")
    heard = thought = spoken = 0
    if told:
        read = read or told.get("cached_tokens")
        stored = stored or told.get("cache_creation_tokens") or told.get("cache_write_tokens")
        heard = _heard(told)
    if written := usage.get("completion_tokens_details"):
        thought, spoken = written.get("reasoning_tokens") or 0, written.get("audio_tokens") or 0
    read, stored = read or 0, stored or 0
    if read + stored > input_tokens or heard > input_tokens or thought + spoken > output_tokens:
        return Reason.TOKENS_UNREADABLE
    if row["total_tokens"] != input_tokens + output_tokens:
        return Reason.TOTAL_DIFFERS
    return Tokens.of_parts(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        cache_read=read,
        cache_write=stored,
        audio_input=heard,
        reasoning=thought,
        audio_output=spoken,
    )


def _heard(told: _InputDetails) -> int:
    """Tokens of sound that were not read from a cache."""
    sound, cached = told.get("audio_tokens"), told.get("cached_tokens_details")
    return max(0, sound - ((cached or {}).get("audio_tokens") or 0)) if sound else 0


def _units(usage: _UsageObject, told: _InputDetails) -> Units:
    """Images that were made, or went in; the length of sound, parts of a millisecond left out."""
    images = usage.get("output_image_count") or told.get("image_count")
    seconds = usage.get("seconds") or told.get("audio_length_seconds")
    return Units(images or 0, int(Decimal(str(seconds or 0)) * 1_000)) if images or seconds else NO_UNITS


def _base_model(metadata: _Metadata) -> str | None:
    """The name by which LiteLLM knows what the deployment's model costs, where the row has that."""
    known = metadata.get("model_map_information")
    return known.get("model_map_key") if known else None


def _is_from_cache(request_id: str) -> bool:
    return CACHE_MARK in request_id and CACHE_HIT.search(request_id) is not None


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

    Rounded to the nearest nano-dollar, because LiteLLM computes it with floats: 1.4999999999999999e-05. Decimals, which
    take five times as long, decide only where the float is too near to the middle of two nano-dollars.
    """
    if isinstance(spend, float) and 0 <= spend <= FLOAT_USD_MAX:
        amount_of_float = spend * NANOUSD
        nearest = round(amount_of_float)
        if abs(amount_of_float - nearest) < CLEARLY_NEAREST:
            return nearest
    try:
        amount = Decimal(str(spend)) * NANOUSD
    except ArithmeticError:
        return None
    return round(amount) if amount.is_finite() and 0 <= amount <= COST_NANOUSD_MAX else None


@lru_cache(maxsize=KEYS_REMEMBERED)
def key_form(api_key: str) -> KeyForm:
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


def set_aside(row: object, reason: Reason) -> SetAside:
    body = text_of(row)
    fields = row if isinstance(row, dict) else {}
    return SetAside(identity_of(fields, body), reason, body, started_at(fields))


def text_of(row: object) -> str:
    """A row as JSON text, cut to what can be stored."""
    return json.dumps(row, default=str, separators=(",", ":"))[:BODY_CHARACTERS_MAX]
