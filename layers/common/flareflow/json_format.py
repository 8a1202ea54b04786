"""JSON of our values in one form: integers as decimal text, bytes as 0x hex, times as ISO 8601 text in UTC.

JavaScript reads numbers above 2^53 inexactly, so numbers are text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

type Json = bool | str | list[Json] | dict[str, Json] | None


def to_json(value: object) -> str:
    """The value as compact JSON text. Raises TypeError for a type that has no form here, such as float."""
    return json.dumps(json_value(value), separators=(",", ":"))


def json_value(value: object) -> Json:
    """The value as JSON types; a dataclass becomes an object of its fields. Raises TypeError as `to_json` does."""
    match value:
        case bool() | None:
            return value
        case str() | int() | bytes() | datetime():
            return _text(value)
        case Mapping():
            return {str(name): json_value(item) for name, item in value.items()}
        case Sequence():
            return [json_value(item) for item in value]
    if is_dataclass(value):
        return {field.name: json_value(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"values of type {type(value).__name__} have no JSON form here")


def _text(value: str | int | bytes | datetime) -> str:
    match value:
        case bytes():
            return f"0x{value.hex()}"
        case datetime():
            return timestamp(value)
    return str(value)


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with six decimals and `Z`: always of the same length, so text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
