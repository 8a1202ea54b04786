"""The two witnesses of a call: which row belongs to which record, and what is billed of them.

Every rule is a pure function of what is known of one subscription's calls. Rules that always hold:

1. A row is billed once, a record at most once, and of a row and a record that belong together only one.
2. A row and a record belong together when their key is the same and the row's call id is the record's event id.
3. Nothing is billed to another subscription than that of its key, and totals only grow.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from flareflow.json_format import to_json
from flareflow.metering.calls import CallRecord, Ending, LoggedCall, SetAside
from flareflow.metering.models import Usage, amounts
from flareflow.metering.usage_events import (
    Difference,
    DifferenceKind,
    Entry,
    RatedRecord,
    RatedRow,
    usage_of,
    usage_of_record,
)

WAITING_MAX: Final = 20_000
"""Records of one subscription that wait for their rows at the same time; more are set aside."""
REACH: Final = timedelta(minutes=15)
"""A row and its record begin at most this far apart. Only entries this near are looked up."""

type RowKey = tuple[str, datetime]
"""`request_id` and start time."""
type CallKey = tuple[str, str]
"""Key hash and the gate's event id, which is the row's call id."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one subscription's calls: records that wait for their rows, and entries near those looked at."""

    waiting: Sequence[RatedRecord] = ()
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rows or records change: new entries, records that begin to wait (`added`), and those that end (`gone`)."""

    entries: tuple[Entry, ...] = ()
    added: tuple[RatedRecord, ...] = ()
    gone: tuple[RatedRecord, ...] = ()
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def changes_something(self) -> bool:
        return bool(self.entries or self.added or self.gone)

    @property
    def billed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.is_billed)

    @property
    def counted(self) -> Usage:
        """What the counted totals grow by."""
        return Usage.sum(entry.usage for entry in self.entries)

    @property
    def unconfirmed(self) -> Usage:
        """The change of the unconfirmed totals."""
        return Usage.sum(map(usage_of_record, self.added)) - Usage.sum(map(usage_of_record, self.gone))


def count_rows(known: Known, rows: Iterable[RatedRow]) -> Outcome:
    """Bill rows that are not known."""
    pairing = _Pairing.of(known)
    for row in rows:
        pairing.take_row(row)
    return pairing.outcome()


def take_records(known: Known, records: Iterable[RatedRecord]) -> Outcome:
    """Let records wait for their rows, unless they are known, or their rows are billed already."""
    pairing = _Pairing.of(known)
    for record in records:
        pairing.take_record(record)
    return pairing.outcome()


def bill_alone(known: Known, records: Iterable[RatedRecord]) -> Outcome:
    """Bill waiting records without their rows; one whose ending is unknown only becomes an entry."""
    pairing = _Pairing.of(known)
    for record in records:
        if _call_key(record.call) in pairing.waiting:
            pairing.end_wait(record)
    return pairing.outcome()


def rows_without_record(known: Known, entries: Iterable[Entry]) -> Sequence[Entry]:
    """Those of `entries` that are rows which were billed alone, and of which no record is known now."""
    pairing = _Pairing.of(known)
    return [entry for entry in entries if entry.is_row_alone and not pairing.has_record(entry)]


def records_without_row(entries: Iterable[Entry], subscription_id: int) -> Sequence[Difference]:
    """The differences of those of `entries` that are records whose rows did not come within the grace."""
    return [one for entry in entries if entry.is_record_alone for one in _differences(entry, subscription_id)]


@dataclass
class _Pairing:
    """The work on one subscription: what is known, and what changes."""

    waiting: dict[CallKey, RatedRecord]
    rows: dict[RowKey, Entry] = field(default_factory=dict)
    calls: defaultdict[CallKey, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    entries: list[Entry] = field(default_factory=list)
    added: dict[CallKey, RatedRecord] = field(default_factory=dict)
    gone: list[RatedRecord] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @classmethod
    def of(cls, known: Known) -> "_Pairing":
        pairing = cls({_call_key(record.call): record for record in known.waiting})
        for entry in known.entries:
            pairing._learn(entry)
        return pairing

    def outcome(self) -> Outcome:
        return Outcome(
            tuple(self.entries),
            tuple(self.added.values()),
            tuple(self.gone),
            tuple(self.differences),
            tuple(self.set_aside),
        )

    def take_row(self, row: RatedRow) -> None:
        call = row.call
        known = self.rows.get((call.request_id, call.started_at))
        if known is not None:
            self._report(known, row.subscription_id)
        elif _is_negative(usage_of(call.tokens, row.rated_microtokens, call.cost_nanousd or 0)):
            self._set_aside("row", Entry.of_row(row).identity, "negative_amount", call)
        else:
            self._add(self._new_row(row), row.subscription_id)

    def take_record(self, record: RatedRecord) -> None:
        key = _call_key(record.call)
        of_call = self.calls[key]
        if key in self.waiting:
            return
        if any(entry.is_recorded for entry in of_call):
            for entry in of_call:
                self._report(entry, record.subscription_id)
        elif _is_negative(usage_of_record(record)):
            self._set_aside("record", "/".join(key), "negative_amount", record.call)
        elif of_call:
            self._add(_entry_of_late_record(record, of_call), record.subscription_id)
        elif len(self.waiting) >= WAITING_MAX:
            self._set_aside("record", "/".join(key), "too_many_unconfirmed", record.call)
        else:
            self.waiting[key] = self.added[key] = record

    def end_wait(self, record: RatedRecord) -> None:
        self._end(record)
        is_billed = record.call.ending is not Ending.UNKNOWN
        kind = DifferenceKind.RECORD_WITHOUT_ROW if is_billed else DifferenceKind.UNKNOWN_ENDING
        self._add(Entry.of_record(record, is_billed=is_billed, difference=kind), record.subscription_id)

    def _new_row(self, row: RatedRow) -> Entry:
        call = row.call
        key = (call.key_hash, call.call_id) if call.call_id is not None else None
        record = self.waiting.get(key) if key else None
        if record is not None:
            self._end(record)
            return _entry_of_both(row, record)
        of_call = self.calls[key] if key else []
        if not any(entry.is_recorded for entry in of_call):
            return Entry.of_row(row)
        if not any(entry.is_billed for entry in of_call):  # the record's ending is unknown, so nothing was billed
            return Entry.of_row(row, is_recorded=True)
        is_first = all(entry.request_id is None for entry in of_call)
        kind = DifferenceKind.LATE_ROW if is_first else DifferenceKind.SECOND_ROW
        return Entry.of_row(row, is_recorded=True, is_billed=False, difference=kind)

    def has_record(self, entry: Entry) -> bool:
        same_call = self.calls[entry.key_hash, entry.call_id] if entry.call_id is not None else []
        return entry.is_recorded or any(other.is_recorded for other in same_call)

    def _end(self, record: RatedRecord) -> None:
        key = _call_key(record.call)
        del self.waiting[key]
        if self.added.pop(key, None) is None:
            self.gone.append(record)

    def _add(self, entry: Entry, subscription_id: int) -> None:
        self.entries.append(entry)
        self._learn(entry)
        self._report(entry, subscription_id)

    def _learn(self, entry: Entry) -> None:
        if entry.request_id is not None:
            self.rows[entry.request_id, entry.started_at] = entry
        if entry.call_id is not None:
            self.calls[entry.key_hash, entry.call_id].append(entry)

    def _report(self, entry: Entry, subscription_id: int) -> None:
        self.differences += _differences(entry, subscription_id)

    def _set_aside(self, what: str, identity: str, reason: str, call: LoggedCall | CallRecord) -> None:
        self.set_aside.append(SetAside(f"{what} {identity}", reason, to_json(call), call.started_at))


def _entry_of_both(row: RatedRow, record: RatedRecord) -> Entry:
    """Billed once: these tokens where both agree, else the gate's if the answer told its usage, else the row's."""
    logged, recorded = row.call.tokens, record.call.tokens
    if record.call.ending is Ending.UNKNOWN or recorded == logged:
        return Entry.of_row(row, is_recorded=True)
    differ = DifferenceKind.TOKENS_DIFFER
    if record.call.tokens_are_estimated:
        return Entry.of_row(row, is_recorded=True, difference=differ, other_tokens=recorded)
    told = RatedRow(row.subscription_id, replace(row.call, tokens=recorded), record.rated_microtokens)
    return Entry.of_row(told, is_recorded=True, difference=differ, other_tokens=logged)


def _entry_of_late_record(record: RatedRecord, of_call: Sequence[Entry]) -> Entry:
    """A record whose rows were billed before it came: it adds nothing."""
    billed = of_call[0].tokens
    difference = None
    if len(of_call) > 1:
        difference = DifferenceKind.BILLED_TWICE
    elif record.call.ending is not Ending.UNKNOWN and record.call.tokens != billed:
        difference = DifferenceKind.TOKENS_DIFFER
    return Entry.of_record(
        record, is_billed=False, difference=difference, other_tokens=billed if difference is not None else None
    )


def _differences(entry: Entry, subscription_id: int) -> list[Difference]:
    """The difference between the witnesses of an entry, if there is one."""
    kind = entry.difference
    if kind is None:
        return []
    other = f", the other witness told {entry.other_tokens.total}" if entry.other_tokens is not None else ""
    what = f"{kind.replace('_', ' ')}: {entry.model}, {entry.tokens.total} tokens{other}"
    return [Difference(kind, subscription_id, entry.identity, what)]


def _call_key(call: CallRecord) -> CallKey:
    return call.key_hash, call.event_id


def _is_negative(usage: Usage) -> bool:
    return min(amounts(usage)) < 0
