"""What a table's stream tells, in plain words that use cases can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

type Image = Mapping[str, Any]
"""One item as plain Python values (numbers are Decimal); a model parses what it needs of it."""


@dataclass(frozen=True, slots=True)
class StreamChange:
    """One change of one item; `old` is None for a new item, `new` for a deleted one.

    `event_id` is the same each time that the record is delivered.
    """

    event_id: str
    at: datetime
    pk: str
    sk: str
    old: Image | None
    new: Image | None
