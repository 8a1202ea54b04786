"""In-memory fakes of the metering package's ports: the keys and the usage table."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from flareflow.errors import BrokenRuleError, ConflictError
from flareflow.metering.calls import CallRecord, Ending, LoggedCall, Tokens
from flareflow.metering.models import LiveTotals, Subscriptions
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.ports import UsageEvents
from flareflow.metering.price_book import Pattern, Price, PriceBook
from flareflow.metering.receipts import ReceiptKeys
from flareflow.metering.usage_events import (
    CountReport,
    Difference,
    DifferenceKind,
    Entry,
    OwnedRecord,
    OwnedRow,
    RatedRecord,
    RecordReport,
    UsageEvent,
)
from flareflow.metering.witnesses import bill_alone, count_rows, rows_without_record, take_records

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "ab" * 32
TEN_TOKENS = Tokens(prompt=9, completion=1)
X1: Final = Price(prompt=1_000_000, completion=1_000_000, nanousd=0)
EVEN_BOOK: Final = PriceBook(
    version=1, title="every token of every model x1.0", models={}, patterns=(Pattern(match="*", price=X1),), default=X1
)


def row(
    request_id: str,
    tokens: Tokens = TEN_TOKENS,
    *,
    call_id: str | None = None,
    subscription_id: int = 1,
    key_hash: str = KEY,
    started_at: datetime = NOW - timedelta(minutes=1),
    took: timedelta = SECOND,
    cost_nanousd: int | None = 7,
) -> OwnedRow:
    """A row of the spend log."""
    call = LoggedCall(
        request_id=request_id,
        started_at=started_at,
        ended_at=started_at + took,
        key_hash=key_hash,
        call_type="acompletion",
        model="gpt-4.1-mini",
        tokens=tokens,
        cost_nanousd=cost_nanousd,
        call_id=call_id,
    )
    return OwnedRow(subscription_id, call)


def record(
    event_id: str,
    tokens: Tokens = TEN_TOKENS,
    *,
    subscription_id: int = 1,
    key_hash: str = KEY,
    ending: Ending = Ending.COMPLETE,
    is_estimated: bool = False,
    started_at: datetime = NOW - timedelta(minutes=1),
    took: timedelta = SECOND,
) -> OwnedRecord:
    """A record of the gate."""
    call = CallRecord(
        event_id=event_id,
        key_hash=key_hash,
        call_type="acompletion",
        model="gpt-4.1-mini",
        answered_by="gpt-4.1-mini-2025-04-14",
        ending=ending,
        tokens=tokens,
        tokens_are_estimated=is_estimated,
        started_at=started_at,
        ended_at=started_at + took,
    )
    return OwnedRecord(subscription_id, call)


def waiting(one: OwnedRecord) -> RatedRecord:
    """The record as it waits for its row, rated x1.0."""
    return RatedRecord(one.subscription_id, one.call, one.call.tokens.total * 1_000_000)


def rating(one: OwnedRow | OwnedRecord) -> tuple[int, bytes]:
    """What a call weighs by `EVEN_BOOK`, in rated micro-tokens, and the hash of that book."""
    return one.call.tokens.total * 1_000_000, EVEN_BOOK.hash


@dataclass
class FakePriceBooks:
    """`PriceBooks`: the books by the epoch from which each is in force."""

    books: dict[int, PriceBook] = field(default_factory=lambda: {0: EVEN_BOOK})

    def in_force(self, epoch: int | None) -> PriceBook:
        return self.books[max(one for one in self.books if one <= (epoch or 0))]

    def put_in_force(self, book: PriceBook, from_epoch: int) -> None:
        if from_epoch in self.books:
            raise ConflictError("epoch_has_its_book", "it has one")
        self.books[from_epoch] = book

    def newest(self) -> PriceBook:
        return self.books[max(self.books)]

    def listed(self) -> Sequence[tuple[int, bytes]]:
        return [(epoch, self.books[epoch].hash) for epoch in sorted(self.books, reverse=True)]


@dataclass
class FakeReceiptKeys:
    """`ReceiptKeyRegister` in memory; `open_epoch` is not over."""

    sets: dict[int, ReceiptKeys] = field(default_factory=dict)
    open_epoch: int = 0

    def in_force(self, epoch: int) -> ReceiptKeys | None:
        begun = [one for one in self.sets if one <= epoch]
        return self.sets[max(begun)] if begun else None

    def put_in_force(self, keys: ReceiptKeys, from_epoch: int) -> None:
        if from_epoch <= max(self.open_epoch, *self.sets, 0):
            raise ConflictError("epoch_has_its_receipt_keys", "it has")
        if self.sets and not keys.keeps_all_of(self.sets[max(self.sets)]):
            raise ConflictError("receipt_key_dropped", "one is missing")
        self.sets[from_epoch] = keys


def swept(usage: UsageEvents, before: datetime, limit: int, now: datetime) -> CountReport:
    """What a sweep tells."""
    told: list[CountReport] = []
    counted = usage.bill_alone(before, limit, now, told.append)
    [report] = told
    assert report.counted == counted
    return report


@dataclass
class FakeKeyDirectory:
    """`KeyDirectory`; `lookups` counts the calls."""

    known: dict[str, int] = field(default_factory=lambda: {KEY: 1})
    lookups: int = 0

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        self.lookups += 1
        return {key_hash: self.known[key_hash] for key_hash in key_hashes & self.known.keys()}

    def hashed_twice(self, hashes: Set[str]) -> Set[str]:
        self.lookups += 1
        return hashes & {hashlib.sha256(key_hash.encode()).hexdigest() for key_hash in self.known}


@dataclass
class Calls:
    """What is known of one subscription's calls, and the sums of it."""

    waiting: list[RatedRecord] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    totals: LiveTotals = field(default_factory=LiveTotals)

    def apply(self, outcome: Outcome) -> None:
        self.waiting = [record for record in self.waiting if record not in outcome.gone] + list(outcome.added)
        self.entries += outcome.entries
        counted, unconfirmed = self.totals.counted, self.totals.unconfirmed
        self.totals = LiveTotals(counted + outcome.counted, unconfirmed + outcome.unconfirmed)


@dataclass
class FakeUsageEvents:
    """`UsageEvents` in memory, by the same rules of pairing."""

    epoch: int | None = None
    books: FakePriceBooks = field(default_factory=FakePriceBooks)
    calls: dict[int, Calls] = field(default_factory=lambda: defaultdict(Calls))
    by_epoch: dict[tuple[int, int], list[UsageEvent]] = field(default_factory=lambda: defaultdict(list))
    rows_alone: list[tuple[datetime, int, Entry]] = field(default_factory=list)
    untold: tuple[Difference, ...] = ()

    def open_epoch_if_none(self, epoch: int) -> None:
        if self.epoch is None:
            self.epoch = epoch

    def count(self, rows: Sequence[OwnedRow], now: datetime) -> CountReport:
        outcomes = [self._take(one.subscription_id, partial(count_rows, rows=[one])) for one in rows]
        for one, outcome in zip(rows, outcomes, strict=True):
            self.rows_alone += [(now, one.subscription_id, entry) for entry in outcome.entries if entry.is_row_alone]
        return _counted(outcomes)

    def record(self, records: Sequence[OwnedRecord], now: datetime) -> RecordReport:
        outcomes = [self._take(one.subscription_id, partial(take_records, records=[one])) for one in records]
        return RecordReport(
            sum(len(outcome.added) for outcome in outcomes),
            tuple(one for outcome in outcomes for one in outcome.differences),
            tuple(one for outcome in outcomes for one in outcome.set_aside),
        )

    def bill_alone(self, before: datetime, limit: int, now: datetime, tell: Callable[[CountReport], object]) -> int:
        due = {
            one: [record for record in calls.waiting if record.call.ended_at < before]
            for one, calls in self.calls.items()
        }
        some = [one for one, records in due.items() if records][:limit]
        report = _counted([self._take(one, partial(bill_alone, records=due[one])) for one in some])
        self.untold += report.differences
        tell(replace(report, differences=(*self.untold, *self._rows_alone(before))))
        self.untold = ()
        self.rows_alone = [one for one in self.rows_alone if one[0] >= before]
        return report.counted

    def _rows_alone(self, before: datetime) -> Iterator[Difference]:
        """One difference for all rows of a subscription that were counted at the same moment."""
        due = [one for one in self.rows_alone if one[0] < before]
        for since, subscription_id in sorted({(since, subscription_id) for since, subscription_id, _ in due}):
            known = Known((), self.calls[subscription_id].entries)
            if rows_without_record(known, [entry for at, one, entry in due if (at, one) == (since, subscription_id)]):
                identity = f"{since}#{subscription_id}"
                yield Difference(DifferenceKind.ROW_WITHOUT_RECORD, subscription_id, identity, "no record")

    def _take(self, subscription_id: int, decide: Callable[..., Outcome]) -> Outcome:
        calls = self.calls[subscription_id]
        outcome = decide(Known(calls.waiting, calls.entries), book=self.books.in_force(self.epoch))
        if outcome.billed and self.epoch is None:
            raise BrokenRuleError("no epoch is open")
        calls.apply(outcome)
        for entry in outcome.billed:
            self.by_epoch[subscription_id, self.epoch or 0].append(entry.event(subscription_id))
        return outcome

    @property
    def counted(self) -> set[str]:
        """The request ids of billed rows, and the event ids of records that were billed alone."""
        return {
            str(entry.call.request_id or entry.call.call_id)
            for calls in self.calls.values()
            for entry in calls.entries
            if entry.is_billed
        }

    def live(self, subscription_id: int) -> LiveTotals:
        """The totals as `UsageReader.live` gives them."""
        return self.calls[subscription_id].totals


def _counted(outcomes: Sequence[Outcome]) -> CountReport:
    return CountReport(
        sum(len(outcome.billed) for outcome in outcomes),
        tuple(one for outcome in outcomes for one in outcome.differences),
        tuple(one for outcome in outcomes for one in outcome.set_aside),
        frozenset(one for outcome in outcomes for one in outcome.by_default),
    )
