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
from flareflow.metering.calls import CallRecord, Ending, LoggedCall, SetAside, Tokens, UnloggedCall, counts
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.price_book import PriceBook, Used
from flareflow.metering.rating import rate
from flareflow.metering.rows import Reason
from flareflow.metering.usage_events import (
    Difference,
    DifferenceKind,
    Entry,
    OwnedRecord,
    OwnedRow,
    RatedRecord,
)

WAITING_MAX: Final = 20_000
"""Records of one subscription that wait for their rows at the same time; more are set aside."""
REACH: Final = timedelta(minutes=15)
"""A row and its record begin at most this far apart. Only entries this near are looked up."""

type RowKey = tuple[str, datetime]
"""`request_id` and start time."""
type CallKey = tuple[str, str]
"""Key hash and the gate's event id, which is the row's call id."""


def count_rows(known: Known, rows: Iterable[OwnedRow], book: PriceBook) -> Outcome:
    """Bill rows that are not known, rated by `book`."""
    pairing = _Pairing.of(known, book)
    for row in rows:
        pairing.take_row(row)
    return pairing.outcome()


def take_records(known: Known, records: Iterable[OwnedRecord], book: PriceBook) -> Outcome:
    """Let records wait for their rows, unless they are known, or their rows are billed already."""
    pairing = _Pairing.of(known, book)
    for record in records:
        pairing.take_record(record)
    return pairing.outcome()


def bill_alone(known: Known, records: Iterable[RatedRecord], book: PriceBook) -> Outcome:
    """Bill waiting records without their rows; one whose ending is unknown only becomes an entry."""
    pairing = _Pairing.of(known, book)
    for record in records:
        if _call_key(record.call) in pairing.waiting:
            pairing.end_wait(record)
    return pairing.outcome()


def rows_without_record(known: Known, entries: Iterable[Entry]) -> Sequence[Entry]:
    """Those of `entries` that are rows which were billed alone, and of which no record is known now."""
    calls = _Calls.of(known)
    return [entry for entry in entries if entry.is_row_alone and not calls.have_record(entry)]


@dataclass
class _Calls:
    """What is known of one subscription's calls, by their ids."""

    waiting: dict[CallKey, RatedRecord]
    rows: dict[RowKey, Entry] = field(default_factory=dict)
    of_call: defaultdict[CallKey, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, known: Known) -> "_Calls":
        calls = cls({_call_key(record.call): record for record in known.waiting})
        for entry in known.entries:
            calls.learn(entry)
        return calls

    def learn(self, entry: Entry) -> None:
        call = entry.call
        if call.request_id is not None:
            self.rows[call.request_id, call.started_at] = entry
        if call.call_id is not None:
            self.of_call[call.key_hash, call.call_id].append(entry)

    def have_record(self, entry: Entry) -> bool:
        call = entry.call
        same_call = self.of_call[call.key_hash, call.call_id] if call.call_id is not None else []
        return entry.is_recorded or any(other.is_recorded for other in same_call)


def records_without_row(entries: Iterable[Entry], subscription_id: int) -> Sequence[Difference]:
    """The differences of those of `entries` that are records whose rows did not come within the grace."""
    return [one for entry in entries if entry.is_record_alone for one in _differences(entry, subscription_id)]


@dataclass
class _Pairing:
    """The work on one subscription: what is known, the book that rates, and what changes."""

    calls: _Calls
    book: PriceBook
    entries: list[Entry] = field(default_factory=list)
    added: dict[CallKey, RatedRecord] = field(default_factory=dict)
    gone: list[RatedRecord] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @classmethod
    def of(cls, known: Known, book: PriceBook) -> "_Pairing":
        return cls(_Calls.of(known), book)

    @property
    def waiting(self) -> dict[CallKey, RatedRecord]:
        return self.calls.waiting

    def outcome(self) -> Outcome:
        models = {(entry.call.model, entry.call.base_model) for entry in self.entries if entry.is_billed}
        return Outcome(
            tuple(self.entries),
            tuple(self.added.values()),
            tuple(self.gone),
            tuple(self.differences),
            tuple(self.set_aside),
            frozenset(model for model, base_model in models if self.book.named(model, base_model) is None),
        )

    def take_row(self, row: OwnedRow) -> None:
        call = row.call
        known = self.calls.rows.get((call.request_id, call.started_at))
        if known is not None:
            self._report(known, row.subscription_id)
        elif _is_negative(call):
            self.set_aside.append(set_aside(row, "negative_amount"))
        elif (entry := self._new_row(row)) is None:
            self.set_aside.append(set_aside(row, Reason.UNPRICED))
        else:
            self._add(entry, row.subscription_id)

    def take_record(self, record: OwnedRecord) -> None:
        key = _call_key(record.call)
        of_call = self.calls.of_call[key]
        if key in self.waiting:
            return
        if any(entry.is_recorded for entry in of_call):
            for entry in of_call:
                self._report(entry, record.subscription_id)
        elif _is_negative(record.call):
            self.set_aside.append(set_aside(record, "negative_amount"))
        elif of_call:
            self._add(self._entry_of_late_record(record, of_call), record.subscription_id)
        elif len(self.waiting) >= WAITING_MAX:
            self.set_aside.append(set_aside(record, "too_many_unconfirmed"))
        else:
            rated = rate(self.book, record.call) or 0
            self.waiting[key] = self.added[key] = RatedRecord(record.subscription_id, record.call, rated)

    def end_wait(self, record: RatedRecord) -> None:
        """Bill a record without its row; what has no price is set aside."""
        self._end(record)
        rated = rate(self.book, record.call)
        if rated is None:
            self.set_aside.append(set_aside(record, Reason.UNPRICED))
        is_known = record.call.ending is not Ending.UNKNOWN
        kind = DifferenceKind.RECORD_WITHOUT_ROW if is_known else DifferenceKind.UNKNOWN_ENDING
        is_billed = is_known and rated is not None
        call, book_hash = record.call.unlogged, self.book.hash
        entry = Entry(call, rated or 0, book_hash, is_recorded=True, is_billed=is_billed, difference=kind)
        self._add(entry, record.subscription_id)

    def _new_row(self, row: OwnedRow) -> Entry | None:
        """The entry of a row that is not known; None when the book has no price for what is to be billed."""
        call = row.call
        key = (call.key_hash, call.call_id) if call.call_id is not None else None
        record = self.waiting.get(key) if key else None
        if record is not None:
            entry = self._entry_of_both(row, record)
            if entry is not None:
                self._end(record)
            return entry
        rated = rate(self.book, call)
        if rated is None:
            return None
        of_call = self.calls.of_call.get(key) if key else None
        if not of_call or not any(entry.is_recorded for entry in of_call):
            return Entry(call, rated, self.book.hash)
        if not any(entry.is_billed for entry in of_call):  # the record's ending is unknown, so nothing was billed
            return Entry(call, rated, self.book.hash, is_recorded=True)
        is_first = all(entry.call.request_id is None for entry in of_call)
        kind = DifferenceKind.LATE_ROW if is_first else DifferenceKind.SECOND_ROW
        return Entry(call, rated, self.book.hash, is_recorded=True, is_billed=False, difference=kind)

    def _entry_of_both(self, row: OwnedRow, record: RatedRecord) -> Entry | None:
        """Billed once: the row's tokens where both agree, else the gate's if the answer told them, else the row's.

        The gate's estimate is better than a row that has no input, or no output although the gate has passed some on.
        """
        logged, recorded = row.call.tokens, record.call.tokens
        if record.call.ending is Ending.UNKNOWN or self._agree(row.call, logged, recorded):
            return self._billed(row)
        tells_all = logged.input and (logged.output or not recorded.output)
        if record.call.tokens_are_estimated and tells_all:
            return self._billed(row, other_tokens=recorded)
        return self._billed(replace(row, call=replace(row.call, tokens=recorded)), other_tokens=logged)

    def _agree(self, call: LoggedCall | UnloggedCall, one: Tokens, other: Tokens) -> bool:
        """Whether both witnesses tell the same tokens; how much of an output was reasoning matters by its weight only.

        Anthropic's answers do not tell it, and LiteLLM's rows estimate it.
        """
        if one.with_reasoning_as_text != other.with_reasoning_as_text:
            return False
        price = self.book.price(call.model, call.base_model)
        return one == other or price.rate(Used(one)) == price.rate(Used(other))

    def _billed(self, row: OwnedRow, *, other_tokens: Tokens | None = None) -> Entry | None:
        """The entry of a row whose record is known; `other_tokens`: what the other witness told, if it differs."""
        rated = rate(self.book, row.call)
        if rated is None:
            return None
        entry = Entry(row.call, rated, self.book.hash, is_recorded=True)
        differ = DifferenceKind.TOKENS_DIFFER
        return entry if other_tokens is None else replace(entry, difference=differ, other_tokens=other_tokens)

    def _entry_of_late_record(self, record: OwnedRecord, of_call: Sequence[Entry]) -> Entry:
        """A record whose rows were billed before it came: it adds nothing."""
        billed = of_call[0]
        difference = None
        if len(of_call) > 1:
            difference = DifferenceKind.BILLED_TWICE
        elif record.call.ending is not Ending.UNKNOWN and not self._agree(
            billed.call, billed.call.tokens, record.call.tokens
        ):
            difference = DifferenceKind.TOKENS_DIFFER
        return Entry(
            record.call.unlogged,
            rate(self.book, record.call) or 0,
            self.book.hash,
            is_recorded=True,
            is_billed=False,
            other_tokens=billed.call.tokens if difference is not None else None,
            difference=difference,
        )

    def _end(self, record: RatedRecord) -> None:
        key = _call_key(record.call)
        del self.waiting[key]
        if self.added.pop(key, None) is None:
            self.gone.append(record)

    def _add(self, entry: Entry, subscription_id: int) -> None:
        self.entries.append(entry)
        self.calls.learn(entry)
        self._report(entry, subscription_id)

    def _report(self, entry: Entry, subscription_id: int) -> None:
        if entry.difference is not None:
            self.differences += _differences(entry, subscription_id)


def set_aside(one: OwnedRow | OwnedRecord | RatedRecord, reason: str) -> SetAside:
    """A row or a record as something that nobody can be billed for now."""
    call = one.call
    if isinstance(one, OwnedRow):
        return SetAside(one.call.digest, reason, one.body() or to_json(call), call.started_at)
    return SetAside(f"record {'/'.join(_call_key(one.call))}", reason, to_json(call), call.started_at)


def _differences(entry: Entry, subscription_id: int) -> list[Difference]:
    """The difference between the witnesses of an entry, if there is one."""
    kind = entry.difference
    if kind is None:
        return []
    other = f", the other witness told {entry.other_tokens.total}" if entry.other_tokens is not None else ""
    what = f"{kind.replace('_', ' ')}: {entry.call.model}, {entry.call.tokens.total} tokens{other}"
    return [Difference(kind, subscription_id, entry.identity, what)]


def _call_key(call: CallRecord) -> CallKey:
    return call.key_hash, call.event_id


def _is_negative(call: LoggedCall | CallRecord) -> bool:
    return min(counts(call.tokens)) < 0 or (call.cost_nanousd or 0) < 0
