"""Types of what outsiders write into requests: numbers, times and names in one form only; and who sends a request."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema

_DECIMAL: Final = re.compile(r"[0-9]{1,20}")
KEY_BYTES_MAX: Final = 1_000
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT: Final = datetime(2200, 1, 1, tzinfo=UTC)


def _from_decimal(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    if not _DECIMAL.fullmatch(given):
        raise ValueError("must be a whole number in decimal digits")
    return int(given)


def _written_as_day(given: Any) -> Any:
    """Not what pydantic also takes: seconds since 1970, as numbers or digits."""
    if isinstance(given, str) and not _DAY.match(given):
        raise ValueError("must begin with a day as YYYY-MM-DD")
    if isinstance(given, int | float):
        raise ValueError("must be text")
    return given


def _without_time(given: Any) -> Any:
    """Not what pydantic also takes: midnight, as a time of the day."""
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError("must be a day as YYYY-MM-DD")
    return given


def _within_two_centuries(moment: datetime) -> datetime:
    """In UTC. Years near 1 and 9999 cannot be moved between time zones, and seconds before 1970 are negative."""
    if not FIRST_MOMENT <= moment < LAST_MOMENT:
        raise ValueError(f"must be from {FIRST_MOMENT.year} on and before {LAST_MOMENT.year}")
    return moment.astimezone(UTC)


def _printable(text: str) -> str:
    """Without control characters, line breaks, and the invisible ones that change the direction of other text."""
    if not text.isprintable() or "<" in text or ">" in text:
        raise ValueError("must be printable text without < and >")
    return text


def _short_in_bytes(text: str) -> str:
    if len(text.encode()) > KEY_BYTES_MAX:
        raise ValueError(f"must have at most {KEY_BYTES_MAX} bytes in UTF-8")
    return text


def _in_either_form(limit: int) -> WithJsonSchema:
    text, number = {"type": "string", "pattern": "^[0-9]{1,20}$"}, {"type": "integer", "minimum": 0, "maximum": limit}
    return WithJsonSchema({"anyOf": [text, number], "examples": ["7"]}, mode="validation")


type UInt32 = Annotated[
    int, Field(strict=True, ge=0, lt=2**32), BeforeValidator(_from_decimal), _in_either_form(2**32 - 1)
]
type UInt64 = Annotated[
    int, Field(strict=True, ge=0, lt=2**64), BeforeValidator(_from_decimal), _in_either_form(2**64 - 1)
]
"""A JSON integer or its decimal digits as text; neither `true` nor `1.0`, and no text with signs, spaces or `_`."""
type Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_day), AfterValidator(_within_two_centuries)]
"""A time with its time zone, from 2000 on and before 2200, in UTC."""
type KeyText = Annotated[str, Field(min_length=1, max_length=KEY_BYTES_MAX), AfterValidator(_short_in_bytes)]
"""Text that items are looked up by: DynamoDB refuses a key that is empty or too long."""
type Day = Annotated[date, BeforeValidator(_written_as_day), BeforeValidator(_without_time)]
"""A day as YYYY-MM-DD."""
type Label = Annotated[str, Field(max_length=100), AfterValidator(_printable)]
"""A name that a person gives to something: at most 100 printable characters, no markup."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends a request: the address that its connection comes from, and the program by its own word."""

    source_ip: str
    user_agent: str
