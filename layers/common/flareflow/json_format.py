"""Our values as JSON that every client reads alike: decimal integers, 0x hex bytes, ISO 8601 UTC times, all as text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

type Json = bool | str | list[Json] | dict[str, Json] | None


def plain(value: object) -> Json:
    """Dataclasses become objects by their field names. Raises TypeError for what has no agreed form (a float)."""
    match value:
        case bool() | None:
            return value
        case str() | int() | bytes() | datetime():
            return _text(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"no agreed JSON for a {type(value).__name__}")


def _text(value: str | int | bytes | datetime) -> str:
    match value:
        case bytes():
            return f"0x{value.hex()}"
        case datetime():
            return timestamp(value)
    return str(value)


def as_json(value: object) -> str:
    """`plain` of the value as compact text."""
    return json.dumps(plain(value), separators=(",", ":"))


def timestamp(moment: datetime) -> str:
    """UTC with microseconds and `Z`, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
