"""Records of a table's stream as Lambda hands them to a function: JSON, with binary in base64 and times in seconds."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from boto3.dynamodb.types import TypeDeserializer

from flareflow.adapters.dynamodb.keys import Item

type Record = Mapping[str, Any]

_DESERIALIZER: Final = TypeDeserializer()


def item_in(record: Record, part: Literal["Keys", "OldImage", "NewImage"]) -> Item:
    """The key of the changed item, or the item before or after the change; empty where there was none."""
    return {name: _value(typed) for name, typed in (record["dynamodb"].get(part) or {}).items()}


def made(record: Record) -> tuple[int, datetime]:
    """The number of the change in its stream, and when it was made."""
    change = record["dynamodb"]
    return int(change["SequenceNumber"]), datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC)


def _value(typed: Any) -> Any:
    return b64decode(typed["B"]) if "B" in typed else _DESERIALIZER.deserialize(typed)
