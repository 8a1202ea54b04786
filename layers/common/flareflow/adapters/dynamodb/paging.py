"""Lists in parts: a cursor is the last sort key without its prefix, so it cannot point into another list."""

import re
from typing import Any, Final

from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.errors import InvalidRequestError

_CURSOR: Final = re.compile(r"[A-Za-z0-9#_.:-]{1,200}")


def starting_after(kind: ItemKind, partition: str, cursor: str | None) -> Any:
    """Query arguments: a cursor is the last sort key without its prefix, so it cannot point into another list."""
    if cursor is None:
        return {}
    return {"ExclusiveStartKey": {"pk": partition, "sk": kind.prefix + _checked(cursor)}}


def _checked(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return cursor


def next_cursor(kind: ItemKind, found: Any) -> str | None:
    last = found.get("LastEvaluatedKey")
    return str(last["sk"]).removeprefix(kind.prefix) if last else None
