"""Many entries or records in one binary attribute: JSON arrays, one for each, compressed together with zlib.

An entry takes about 85 bytes and a record about 60 when ten are packed together. Times are in microseconds since the
Unix epoch, an end as the difference to its start. A pack is read by the version of its form, its first element.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flareflow.errors import BrokenRuleError
from flareflow.metering.calls import TOKEN_KINDS, CallRecord, Ending, LoggedCall, Tokens, Units, UnloggedCall
from flareflow.metering.usage_events import DifferenceKind, Entry, RatedRecord

FORM: Final = 2
PACK_BYTES_MAX: Final = 250_000
"""Of the JSON text, so that an item stays below DynamoDB's 400 KB even where nothing compresses."""

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def pack_entries(entries: Iterable[Entry]) -> bytes:
    return _pack([_entry_row(entry) for entry in entries])


def unpack_entries(packed: bytes) -> Sequence[Entry]:
    """Raises BrokenRuleError for bytes that are no pack of entries."""
    with _reading():
        return [_entry(*row) for row in _unpack(packed)]


def pack_records(records: Iterable[RatedRecord]) -> bytes:
    return _pack([_record_row(record) for record in records])


def unpack_records(subscription_id: int, packed: bytes) -> Sequence[RatedRecord]:
    """Raises BrokenRuleError for bytes that are no pack of records."""
    with _reading():
        return [_record(subscription_id, *row) for row in _unpack(packed)]


def split_entries(entries: Iterable[Entry], span_max: timedelta) -> Iterator[list[Entry]]:
    """Parts, in order of start times, that fit into a pack and whose start times are at most `span_max` apart."""
    in_order = sorted(entries, key=lambda entry: entry.call.started_at)
    return _parts(in_order, _entry_row, lambda first, entry: entry.call.started_at - first.call.started_at <= span_max)


def split_records(records: Iterable[RatedRecord]) -> Iterator[list[RatedRecord]]:
    """Parts, in the given order, that fit into a pack."""
    return _parts(records, _record_row, lambda first, record: True)


def _parts[T](items: Iterable[T], row: Callable[[T], list[Any]], belong: Callable[[T, T], bool]) -> Iterator[list[T]]:
    """Parts that fit into a pack. `belong`: whether an item may be in the part that begins with the first one."""
    part: list[T] = []
    size = 0
    for item in items:
        added = len(json.dumps(row(item)))
        if part and (size + added > PACK_BYTES_MAX or not belong(part[0], item)):
            yield part
            part, size = [], 0
        part.append(item)
        size += added
    if part:
        yield part


def _pack(rows: Sequence[Any]) -> bytes:
    return zlib.compress(json.dumps([FORM, rows], separators=(",", ":")).encode(), level=9)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (zlib.error, ValueError, TypeError) as error:
        raise BrokenRuleError(f"a pack of usage cannot be read: {error}") from error


def _unpack(packed: bytes) -> list[Any]:
    form, rows = json.loads(zlib.decompress(packed))
    if form != FORM:
        raise BrokenRuleError(f"a pack of usage has form {form}, but only form {FORM} can be read")
    return list(rows)


def _entry_row(entry: Entry) -> list[Any]:
    call = entry.call
    return [
        call.key_hash,
        call.request_id,
        call.call_id,
        int(entry.is_recorded),
        int(entry.is_billed),
        call.call_type,
        call.model,
        _counts(call.tokens),
        entry.rated_microtokens,
        call.cost_nanousd,
        *_times(call.started_at, call.ended_at),
        _counts(entry.other_tokens) if entry.other_tokens is not None else None,
        entry.difference,
        call.base_model,
        [call.units.images, call.units.milliseconds],
        entry.price_book_hash.hex(),
    ]


def _entry(*row: Any) -> Entry:
    key_hash, request_id, call_id, recorded, billed, call_type, model, tokens, rated, cost, start, took, *rest = row
    other, difference, base_model, units, price_book = rest
    told = {
        "call_id": call_id,
        "key_hash": key_hash,
        "call_type": call_type,
        "model": model,
        "tokens": Tokens(*tokens),
        "started_at": _moment(start),
        "ended_at": _moment(start + took),
        "base_model": base_model,
        "units": Units(*units),
    }
    is_logged = request_id is not None
    return Entry(
        LoggedCall(**told, request_id=request_id, cost_nanousd=cost) if is_logged else UnloggedCall(**told),
        rated_microtokens=rated,
        price_book_hash=bytes.fromhex(price_book),
        is_recorded=bool(recorded),
        is_billed=bool(billed),
        other_tokens=Tokens(*other) if other is not None else None,
        difference=DifferenceKind(difference) if difference is not None else None,
    )


def _record_row(record: RatedRecord) -> list[Any]:
    call = record.call
    return [
        call.event_id,
        call.key_hash,
        call.call_type,
        call.model,
        call.answered_by,
        call.ending,
        _counts(call.tokens),
        int(call.tokens_are_estimated),
        *_times(call.started_at, call.ended_at),
        record.rated_microtokens,
        call.base_model,
    ]


def _record(subscription_id: int, *row: Any) -> RatedRecord:
    event_id, key_hash, call_type, model, answered_by, ending, tokens, estimated, start, took, rated, base_model = row
    call = CallRecord(
        event_id=event_id,
        key_hash=key_hash,
        call_type=call_type,
        model=model,
        answered_by=answered_by,
        ending=Ending(ending),
        tokens=Tokens(*tokens),
        tokens_are_estimated=bool(estimated),
        started_at=_moment(start),
        ended_at=_moment(start + took),
        base_model=base_model,
    )
    return RatedRecord(subscription_id, call, rated)


def _counts(tokens: Tokens) -> list[int]:
    return [getattr(tokens, kind) for kind in TOKEN_KINDS]


def _times(started_at: datetime, ended_at: datetime) -> tuple[int, int]:
    return (started_at - _START) // _MICROSECOND, (ended_at - started_at) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _START + microseconds * _MICROSECOND
