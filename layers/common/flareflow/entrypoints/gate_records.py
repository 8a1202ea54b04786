"""The body of a post to `usage_ingest`: a JSON array of the gate's records."""

import hashlib
import json
import logging
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flareflow.entrypoints.problems import complaints
from flareflow.entrypoints.requests import read_json
from flareflow.errors import InvalidRequestError
from flareflow.inputs import Moment
from flareflow.metering.calls import CallRecord, Ending, SetAside, Tokens
from flareflow.metering.ingest import PostedRecords

RECORDS_MAX: Final = 500
BODY_BYTES_MAX: Final = 5 * 1024 * 1024
KEPT_CHARACTERS_MAX: Final = 20_000
"""Of a record that cannot be read."""
CLOCKS_DIFFER_MAX: Final = timedelta(minutes=5)

logger = logging.getLogger(__name__)

type Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
type Name = Annotated[str, Field(max_length=256)]


class _Tokens(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    prompt: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    completion: Count = 0
    reasoning: Count = 0
    audio_input: Count = 0
    audio_output: Count = 0


class _Record(BaseModel):
    """A record as the gate writes it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    event_id: Annotated[str, Field(min_length=1, max_length=128)]
    key_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    call_type: Name
    model: Name
    answered_by: Name | None = None
    base_model: Name | None = None
    ending: Ending
    tokens: _Tokens
    tokens_are_estimated: bool = False
    started_at: Moment
    ended_at: Moment

    def call(self) -> CallRecord:
        return CallRecord(
            event_id=self.event_id,
            key_hash=self.key_hash,
            call_type=self.call_type,
            model=self.model,
            answered_by=self.answered_by,
            ending=self.ending,
            tokens=Tokens(**self.tokens.model_dump()),
            tokens_are_estimated=self.tokens_are_estimated,
            started_at=self.started_at,
            ended_at=self.ended_at,
            base_model=self.base_model,
        )


def posted_records(body: bytes, now: datetime) -> PostedRecords:
    """The records of a post; each that cannot be read, or has impossible times, is set aside with the reason.

    Raises InvalidRequestError when the body is too long or no JSON array of at most `RECORDS_MAX` elements.
    """
    if len(body) > BODY_BYTES_MAX:
        raise InvalidRequestError("push_too_large", f"a post has at most {BODY_BYTES_MAX} bytes, not {len(body)}")
    try:
        elements = _array(read_json(body))
    except ValueError as error:
        message = f"a post is a JSON array of at most {RECORDS_MAX} records"
        raise InvalidRequestError("invalid_push", message) from error
    read = [_read(element, now) for element in elements]
    return PostedRecords(
        records=tuple(one for one in read if isinstance(one, CallRecord)),
        set_aside=tuple(one for one in read if isinstance(one, SetAside)),
    )


def _array(given: object) -> list[object]:
    if not isinstance(given, list) or len(given) > RECORDS_MAX:
        raise ValueError("not such an array")
    return given


def _read(element: object, now: datetime) -> CallRecord | SetAside:
    try:
        call = _Record.model_validate(element).call()
    except ValidationError as error:
        logger.warning("a record cannot be read: %s", complaints(error.errors(include_url=False)))
        return _aside(element, "record_unreadable")
    if not call.started_at <= call.ended_at <= now + CLOCKS_DIFFER_MAX:
        return _aside(element, "record_times_impossible")
    return call


def _aside(element: object, reason: str) -> SetAside:
    text = json.dumps(element, sort_keys=True)
    return SetAside(f"record {hashlib.sha256(text.encode()).hexdigest()}", reason, text[:KEPT_CHARACTERS_MAX])
