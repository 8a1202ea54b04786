"""Billed calls as a table for spreadsheets and other programs (CSV, RFC 4180)."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from flareflow.json_format import timestamp
from flareflow.metering.calls import TOKEN_KINDS, Units

if TYPE_CHECKING:
    from flareflow.accounts.usage_history import StatedEvent

UNITS: Final = tuple(field.name for field in fields(Units))
COLUMNS: Final = (
    *("event_id", "started_at", "ended_at", "epoch", "state", "key_hash", "call_type", "model", "base_model"),
    *(f"{kind}_tokens" for kind in TOKEN_KINDS),
    *UNITS,
    *("rated_microtokens", "cost_nanousd", "price_book_hash"),
)
_FORMULA: Final = ("=", "+", "-", "@")


def events_csv(events: Sequence["StatedEvent"]) -> str:
    """A line for each call, after one with the names of the columns."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(map(_row, events))
    return text.getvalue()


def _row(stated: "StatedEvent") -> Sequence[object]:
    event = stated.event
    names = (event.key_hash, event.call_type, event.model, event.base_model or "")
    return (
        plain(event.event_id),
        timestamp(event.started_at),
        timestamp(event.ended_at),
        stated.epoch,
        stated.state.value,
        *map(plain, names),
        *(getattr(event.tokens, kind) for kind in TOKEN_KINDS),
        *(getattr(event.units, unit) for unit in UNITS),
        event.rated_microtokens,
        event.cost_nanousd,
        event.price_book_hash.hex(),
    )


def plain(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(_FORMULA) else name
