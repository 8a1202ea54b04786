"""Random histories of records and rows, sent again, late, repeated, interrupted and overlapping, against a plain model.

The storage adapter runs over a table in memory or in DynamoDB Local. The model knows no packs, versions or
transactions: it is the table of what is billed, written down once more.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flareflow.adapters.dynamodb import usage_items, usage_writer
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_kinds import WAITING_RECORDS
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.errors import ConflictError
from flareflow.metering.calls import Ending, Tokens
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.price_book import Pattern, Price, PriceBook
from flareflow.metering.usage_events import OwnedRecord, OwnedRow
from tests.fakes.metering import EVEN_BOOK, NOW, record, row, swept
from tests.support.breakable_table import BreakableRealTable, CrashError
from tests.support.memory_table import MemoryTable

KEYS = {"aa" * 32: 1, "ab" * 32: 1, "cc" * 32: 2, "dd" * 32: 17}
"""Two keys of one subscription, and two subscriptions in one shard of the open epoch."""
SUBSCRIPTIONS = sorted(set(KEYS.values()))
GRACE = timedelta(minutes=30)
FIRST_EPOCH = 1000

EVEN_WEIGHT = 1_000_000

TOKENS = st.builds(Tokens, *(st.integers(0, most) for most in (50, 9, 9, 50, 9, 9, 9)))


def book_of(weight: int) -> PriceBook:
    """A book in which each token weighs the same."""
    price = Price(prompt=weight, completion=weight, nanousd=0)
    return PriceBook(version=weight, title="", models={}, patterns=(Pattern(match="*", price=price),), default=price)


@dataclass
class Told:
    """What the model knows of one call id of one key."""

    record: OwnedRecord | None = None
    shown: Usage = field(default_factory=Usage)
    is_waiting: bool = False
    rows: list[OwnedRow] = field(default_factory=list)
    billed: list[Usage] = field(default_factory=list)


@dataclass
class Model:
    """Sums of what should be billed, by the rules as docs/metering.md tells them."""

    calls: dict[tuple[str, str], Told] = field(default_factory=dict)
    rows: set[tuple[str, datetime]] = field(default_factory=set)
    alone: set[str] = field(default_factory=set)
    """The event ids of records whose rows had not come at a sweep."""
    weight: int = EVEN_WEIGHT
    """Rated micro-tokens of a token, by the price book of the open epoch."""
    counted: dict[int, Usage] = field(default_factory=lambda: dict.fromkeys(SUBSCRIPTIONS, Usage()))

    def record(self, one: OwnedRecord) -> None:
        told = self.calls.setdefault((one.call.key_hash, one.call.event_id), Told())
        if told.record is None:
            told.record, told.is_waiting, told.shown = one, not told.rows, self._usage(one)

    def row(self, one: OwnedRow) -> None:
        identity = one.call.request_id, one.call.started_at
        if identity in self.rows:
            return
        self.rows.add(identity)
        if one.call.call_id is None:
            self._bill(Told(), one.subscription_id, self._usage(one))
            return
        told = self.calls.setdefault((one.call.key_hash, one.call.call_id), Told())
        if told.record is None or not told.billed:
            self._bill(told, one.subscription_id, self._billed_by(told, one))
        told.is_waiting = False
        told.rows.append(one)

    def sweep(self) -> None:
        for told in self.calls.values():
            if told.is_waiting and told.record is not None:
                told.is_waiting = False
                self.alone.add(told.record.call.event_id)
                if told.record.call.ending is not Ending.UNKNOWN:
                    self._bill(told, told.record.subscription_id, self._usage(told.record))

    def unconfirmed(self, subscription_id: int) -> Usage:
        waiting = [told for told in self.calls.values() if told.is_waiting]
        mine = [told.shown for told in waiting if told.record and told.record.subscription_id == subscription_id]
        return sum(mine, start=Usage())

    def _billed_by(self, told: Told, one: OwnedRow) -> Usage:
        if told.record is None or not told.is_waiting:
            return self._usage(one)
        record = told.record.call
        both = record.tokens.with_reasoning_as_text, one.call.tokens.with_reasoning_as_text
        if record.ending is Ending.UNKNOWN or record.tokens_are_estimated or both[0] == both[1]:
            return self._usage(one)
        cost = one.call.cost_nanousd or 0
        return self._usage(told.record) + Usage(cost_nanousd=cost)

    def _usage(self, one: OwnedRow | OwnedRecord) -> Usage:
        tokens = one.call.tokens
        cost = (one.call.cost_nanousd or 0) if isinstance(one, OwnedRow) else 0
        return Usage(
            prompt_tokens=tokens.prompt,
            cache_read_tokens=tokens.cache_read,
            cache_write_tokens=tokens.cache_write,
            completion_tokens=tokens.completion,
            reasoning_tokens=tokens.reasoning,
            audio_input_tokens=tokens.audio_input,
            audio_output_tokens=tokens.audio_output,
            requests=1,
            rated_microtokens=tokens.total * self.weight,
            cost_nanousd=cost,
        )

    def _bill(self, told: Told, subscription_id: int, usage: Usage) -> None:
        told.billed.append(usage)
        self.counted[subscription_id] += usage


class Histories(RuleBasedStateMachine):
    """Calls happen, and what the witnesses tell of them arrives in any order, any number of times."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        self.patch.setattr(usage_items, "WAITING_IN_LIVE_MAX", 2)
        self.patch.setattr(usage_writer, "STEP_CALLS_MAX", 4)
        self.patch.setattr(usage_writer, "SPILLED_CHANGED_MAX", 2)
        self.table = self.stack.enter_context(self.opened_table())
        self.epochs = DynamoEpochUsage(self.table.as_table(), lambda _: None)
        self.books = DynamoPriceBooks(self.table.as_table(), EVEN_BOOK)
        self.usage = DynamoUsageEvents(self.table.as_table(), lambda _: None, self.books)
        self.weights = {FIRST_EPOCH: EVEN_WEIGHT}
        self.model = Model()
        self.now = NOW
        self.epoch = FIRST_EPOCH
        self.closed: dict[int, Mapping[int, Usage]] = {}
        self.records: list[OwnedRecord] = []
        self.rows: list[OwnedRow] = []
        self.told: set[str] = set()

    @contextmanager
    def opened_table(self) -> Iterator[MemoryTable | BreakableRealTable]:
        """An empty table."""
        yield MemoryTable()

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def open_epoch(self) -> None:
        self.usage.open_epoch_if_none(self.epoch)
        assert self.books.in_force(self.epoch).hash == EVEN_BOOK.hash

    @rule(
        key_hash=st.sampled_from(sorted(KEYS)),
        recorded=st.sampled_from(["told", "estimated", "unknown", "not recorded"]),
        row_count=st.sampled_from([0, 1, 1, 1, 2]),
        tokens=st.tuples(TOKENS, st.none() | TOKENS),
        took=st.sampled_from([0, 3, 900]),
    )
    def call(
        self, key_hash: str, recorded: str, row_count: int, tokens: tuple[Tokens, Tokens | None], took: int
    ) -> None:
        """A call ends. What its witnesses will tell is known now; whether it arrives is another matter."""
        self.now += timedelta(seconds=37)
        number = len(self.records) + len(self.rows)
        of_call: dict[str, Any] = {"subscription_id": KEYS[key_hash], "key_hash": key_hash}
        of_call |= {"started_at": self.now - timedelta(seconds=took), "took": timedelta(seconds=took)}
        ending = Ending.UNKNOWN if recorded == "unknown" else Ending.COMPLETE
        if recorded != "not recorded":
            told = Tokens() if recorded == "unknown" else tokens[0]
            is_estimated = recorded == "estimated"
            self.records.append(record(f"call-{number}", told, ending=ending, is_estimated=is_estimated, **of_call))
        call_id = None if recorded == "not recorded" and number % 2 else f"call-{number}"
        for copy in range(row_count):
            self.rows.append(row(f"r-{number}-{copy}", tokens[1] or tokens[0], call_id=call_id, **of_call))

    @rule(key_hash=st.sampled_from(sorted(KEYS)), calls=st.integers(3, 9), data=st.data())
    def a_flood_of_calls(self, key_hash: str, calls: int, data: st.DataObject) -> None:
        """Many calls of one key end at once, and their records come before any row."""
        flood: list[OwnedRecord] = []
        for _ in range(calls):
            self.call(key_hash, "told", 1, (Tokens(prompt=len(self.rows)), None), 3)
            flood.append(self.records[-1])
        self._run(data, lambda: self.usage.record(flood, self.now))
        for one in flood:
            self.model.record(one)

    @rule(data=st.data())
    def records_arrive(self, data: st.DataObject) -> None:
        some = data.draw(_some(self.records))
        self._run(data, lambda: self.usage.record(some, self.now))
        for one in some:
            self.model.record(one)

    @rule(data=st.data())
    def rows_are_polled(self, data: st.DataObject) -> None:
        some = data.draw(_some(self.rows))
        self._run(data, lambda: self.usage.count(some, self.now))
        for one in sorted(some, key=lambda one: one.call.started_at):
            self.model.row(one)

    @precondition(lambda self: self.records and self.rows)
    @rule(data=st.data())
    def a_poll_is_overtaken_by_records(self, data: st.DataObject) -> None:
        """Records arrive between what a poll reads and what it writes."""
        rows, records = data.draw(_some(self.rows)), data.draw(_some(self.records))
        read_before = dict(self.table.items)
        self.table.meanwhile = lambda: self.usage.record(records, self.now)
        self.usage.count(rows, self.now)
        if self.table.meanwhile is None:
            for one in records:
                self.model.record(one)
        else:  # the poll had nothing to write
            self.table.meanwhile = None
            assert self.table.items == read_before
        for one_row in sorted(rows, key=lambda one: one.call.started_at):
            self.model.row(one_row)

    @rule(data=st.data())
    def time_passes_and_what_nobody_confirmed_is_billed(self, data: st.DataObject) -> None:
        """A sweep that may be broken off; what it billed and did not tell, the next one tells."""
        self.now += 2 * GRACE
        self._run(data, self._sweep)
        self.model.sweep()
        self.now += 2 * GRACE
        self._sweep()
        assert self.model.alone <= self.told

    def _sweep(self) -> None:
        report = swept(self.usage, self.now - GRACE, 100, self.now)
        self.told |= {difference.identity for difference in report.differences}

    @rule()
    def the_epoch_is_closed(self) -> None:
        self.epochs.close(self.epoch, self.epoch + 1)
        self.closed[self.epoch] = self.epochs.deltas(self.epoch)
        self.epochs.sealed(self.epoch)
        self.epoch += 1
        self.weights.setdefault(self.epoch, self.model.weight)
        self.model.weight = self.weights[self.epoch]

    @rule(weight=st.integers(1, 5))
    def a_book_is_put_in_force_from_the_next_epoch_on(self, weight: int) -> None:
        is_first = self.epoch + 1 not in self.weights
        with nullcontext() if is_first else pytest.raises(ConflictError):
            self.books.put_in_force(book_of(weight), self.epoch + 1)
        self.weights.setdefault(self.epoch + 1, weight)

    @rule(weight=st.integers(1, 5), back=st.integers(0, 2))
    def no_book_begins_with_an_epoch_that_was_opened(self, weight: int, back: int) -> None:
        with pytest.raises(ConflictError):
            self.books.put_in_force(book_of(weight), self.epoch - back)

    @rule(data=st.data())
    def a_negative_row_is_set_aside(self, data: st.DataObject) -> None:
        wrong = [row("negative", Tokens(prompt=-1), started_at=self.now)]
        rows = data.draw(_some(self.rows))
        assert len(self.usage.count([*wrong, *rows], self.now).set_aside) == 1
        for one in sorted(rows, key=lambda one: one.call.started_at):
            self.model.row(one)

    def _run(self, data: st.DataObject, work: Callable[[], object]) -> None:
        """Do `work`; it may end at any write, and is then done again, as the next tick or the gate would do it."""
        self.table.crash_at = data.draw(st.none() | st.integers(0, 9))
        try:
            work()
        except CrashError:
            work()
        self.table.crash_at = None

    @invariant()
    def totals_are_those_of_the_model(self) -> None:
        reader = UsageReader(self.table.as_table())
        for subscription_id in SUBSCRIPTIONS:
            expected = LiveTotals(self.model.counted[subscription_id], self.model.unconfirmed(subscription_id))
            assert reader.live(subscription_id) == expected

    @invariant()
    def what_epochs_added_adds_up_to_what_is_counted(self) -> None:
        added = dict.fromkeys(SUBSCRIPTIONS, Usage())
        for epoch in range(FIRST_EPOCH, self.epoch + 1):
            for subscription_id, usage in self.epochs.deltas(epoch).items():
                added[subscription_id] += usage
                assert self._listed(subscription_id, epoch) == usage.rated_microtokens
        assert added == self.model.counted

    @invariant()
    def a_closed_epoch_gets_nothing_more(self) -> None:
        assert {epoch: self.epochs.deltas(epoch) for epoch in self.closed} == self.closed

    @invariant()
    def nothing_is_left_of_records_that_wait_no_more(self) -> None:
        if not any(told.is_waiting for told in self.model.calls.values()):
            assert not any(WAITING_RECORDS.matches(item) for item in self.table.items.values())

    def _listed(self, subscription_id: int, epoch: int) -> int:
        """The rated micro-tokens of all events that an owner is shown of an epoch."""
        reader, cursor, rated = UsageReader(self.table.as_table()), None, 0
        for _ in range(1000):
            page = reader.events(subscription_id, epoch, cursor)
            rated += sum(event.rated_microtokens for event in page.items)
            weight = self.weights[epoch]
            assert all(event.rated_microtokens == event.tokens.total * weight for event in page.items)
            assert {event.price_book_hash for event in page.items} <= {self.books.in_force(epoch).hash}
            cursor = page.next_cursor
            if cursor is None:
                return rated
        raise AssertionError("the list of events has no end")


def _some(what: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    """Up to 12 of them in any order, some of them twice."""
    return st.lists(st.sampled_from(what), max_size=12) if what else st.just([])


def tried(examples: int, steps: int) -> settings:
    """How many random histories are tried, and how long each is."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],  # with Phase.shrink a failure is shorter, after minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
