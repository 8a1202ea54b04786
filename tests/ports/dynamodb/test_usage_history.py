"""`UsageHistory`: calls by time with how far they are, on a table in memory and on DynamoDB alike."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.models import CursorPage
from flareflow.accounts.usage_history import Group, GroupedUsage, ReadHistory, StatedEvent, SummedUsage
from flareflow.accounts.usage_queries import Dimension, Span, UsageState
from flareflow.adapters.dynamodb import usage_history
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_history import DynamoUsageHistory
from flareflow.errors import InvalidRequestError, NotFoundError
from flareflow.metering.calls import Tokens
from flareflow.time import Epochs
from tests.fakes.accounts import ALICE, BOB, FakeLedger
from tests.fakes.metering import NOW, FakePriceBooks, record, row
from tests.support.dynamodb import fresh_table
from tests.support.memory_table import MemoryTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

EPOCHS = Epochs(300)
EPOCH = EPOCHS.at(NOW)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ALWAYS = Span(NOW - timedelta(days=40), NOW + HOUR)


@dataclass
class History:
    """A subscription of Alice's, what was used of it, and reading it."""

    usage: DynamoUsageEvents
    epochs: DynamoEpochUsage
    ledger: FakeLedger
    read: ReadHistory

    def count(self, name: str, ago: timedelta = MINUTE, tokens: int = 10) -> None:
        self.usage.count([row(name, Tokens(prompt=tokens), started_at=NOW - ago)], NOW)

    def close(self, epoch: int) -> None:
        """Seal an epoch."""
        self.epochs.close(epoch, epoch + 1)
        self.epochs.sealed(epoch)

    def settle(self, epoch: int, tokens: int) -> None:
        before = self.ledger.subscriptions[1]
        after = replace(before, settled_epoch=epoch, settled_microtokens=tokens * 1_000_000)
        self.ledger.subscriptions[1] = after

    def listed(self, span: Span = ALWAYS) -> list[StatedEvent]:
        """All parts of the list."""
        found: list[StatedEvent] = []
        cursor = None
        for _ in range(50):
            page = self.read.list(ALICE, 1, span, cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return found
        raise AssertionError("the list does not end")

    def states(self) -> list[UsageState]:
        """From the oldest call on."""
        return [one.state for one in reversed(self.listed())]

    def sums(self, *by: Dimension) -> SummedUsage:
        return self.read.sums(ALICE, 1, frozenset(by), ALWAYS, None)


@pytest.fixture
def real_table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def history(request: pytest.FixtureRequest) -> History:
    in_memory = request.param == "memory"
    table: Table = MemoryTable().as_table() if in_memory else request.getfixturevalue("real_table")
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    ledger = FakeLedger()
    ledger.open(1, ALICE, 10**8)
    read = ReadHistory(ledger, DynamoUsageHistory(table), lambda: NOW)
    return History(usage, DynamoEpochUsage(table, time.sleep), ledger, read)


def test_calls_are_listed_newest_first(history: History) -> None:
    for hours in (3, 1, 2):
        history.count(f"call-{hours}", ago=hours * HOUR)
    started = [one.event.started_at for one in history.listed()]
    assert started == [NOW - HOUR, NOW - 2 * HOUR, NOW - 3 * HOUR]


def test_a_window_has_the_calls_that_began_in_it_and_no_others(history: History) -> None:
    for minutes in (1, 11, 21, 31):
        history.count(f"call-{minutes}", ago=minutes * MINUTE)
    listed = history.listed(Span(NOW - 25 * MINUTE, NOW - 5 * MINUTE))
    assert [one.event.started_at for one in listed] == [NOW - 11 * MINUTE, NOW - 21 * MINUTE]


def test_a_call_is_pending_then_sealed_then_settled(history: History) -> None:
    # Given three calls, each counted under another epoch
    history.count("first", ago=3 * MINUTE)
    assert history.states() == [UsageState.PENDING]
    history.close(EPOCH)
    history.count("second", ago=2 * MINUTE)
    assert history.states() == [UsageState.SEALED, UsageState.PENDING]
    history.settle(EPOCH, 10)
    history.close(EPOCH + 1)
    history.count("third")
    # Then each is as far as its epoch
    assert history.states() == [UsageState.SETTLED, UsageState.SEALED, UsageState.PENDING]


def test_a_call_names_the_epoch_that_it_counts_under(history: History) -> None:
    history.count("first", ago=2 * MINUTE)
    history.close(EPOCH)
    history.count("second")
    assert [one.epoch for one in history.listed()] == [EPOCH + 1, EPOCH]


def test_an_epoch_that_is_being_sealed_is_pending(history: History) -> None:
    history.count("first")
    history.epochs.close(EPOCH, EPOCH + 1)
    assert history.states() == [UsageState.PENDING]


def test_a_list_goes_on_after_as_many_packs_as_are_read_at_once(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_history, "PACKS_MAX", 3)
    monkeypatch.setattr(usage_history, "PACKS_AT_ONCE", 2)
    for hours in range(1, 9):
        history.count(f"call-{hours}", ago=hours * HOUR)
    assert len(history.read.list(ALICE, 1, ALWAYS, None).items) == 3
    assert len(history.listed()) == 8


def test_usage_is_summed_by_what_is_asked_for_with_states_apart(history: History) -> None:
    # Given calls of two days, one of them settled, and a record that waits for its row
    history.count("yesterday", ago=timedelta(days=1), tokens=10)
    history.close(EPOCH)
    history.settle(EPOCH, 10)
    history.count("today", tokens=20)
    history.usage.record([record("call-1", Tokens(prompt=5))], NOW)
    # When they are summed by day
    items = history.sums(Dimension.DAY).items
    # Then the newest day comes first, and what is not billed yet is pending
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    assert [(one.group, _rated(one)) for one in items] == [
        (Group(start=today), (25, 0, 0)),
        (Group(start=today - timedelta(days=1)), (0, 0, 10)),
    ]
    # And in all they are the same
    [everything] = history.sums().items
    assert (_rated(everything), everything.pending.requests) == ((25, 0, 10), 2)


def test_usage_is_summed_by_key_and_model_together(history: History) -> None:
    other = row("other", Tokens(prompt=3), started_at=NOW - MINUTE)
    history.usage.count([replace(other, call=replace(other.call, key_hash="cd" * 32, model="dear"))], NOW)
    history.count("own", tokens=4)
    groups = {(one.group.key_hash, one.group.model): _rated(one)[0] for one in history.sums(*Dimension).items}
    assert sorted(groups.values()) == [3, 4]
    assert ("cd" * 32, "dear") in groups


def test_nobody_reads_the_history_of_another_account(history: History) -> None:
    with pytest.raises(NotFoundError):
        history.read.list(BOB, 1, ALWAYS, None)
    with pytest.raises(NotFoundError):
        history.read.sums(BOB, 1, frozenset(), ALWAYS, None)


@pytest.mark.parametrize("cursor", ["", "x", "PACK#1", "0000000001.0000000001"])
def test_a_cursor_that_was_not_given_is_refused(history: History, cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        history.read.list(ALICE, 1, ALWAYS, cursor or "-")


def test_a_cursor_goes_on_within_the_window_that_is_asked_for(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given calls of three hours, and the cursor after the middle one
    monkeypatch.setattr(usage_history, "PACKS_MAX", 1)
    for hours in (1, 2, 3):
        history.count(f"call-{hours}", ago=hours * HOUR)
    middle = history.read.list(ALICE, 1, Span(NOW - 10 * HOUR, NOW - 110 * MINUTE), None)
    assert len(middle.items) == 1
    monkeypatch.undo()
    # When it is sent with a window of later calls, as one that ends now has moved on meanwhile, Then nothing is left
    later = Span(NOW - 90 * MINUTE, NOW)
    assert history.read.list(ALICE, 1, later, middle.next_cursor) == CursorPage([], None)
    # And with one of earlier calls, the list goes on with all of these
    earlier = Span(NOW - 10 * HOUR, NOW - 170 * MINUTE)
    [last] = history.read.list(ALICE, 1, earlier, middle.next_cursor).items
    assert last.event.started_at == NOW - 3 * HOUR


def _rated(one: GroupedUsage) -> tuple[int, int, int]:
    """Rated tokens: pending, sealed, settled."""
    pending, sealed, settled = (usage.rated_microtokens // 10**6 for usage in (one.pending, one.sealed, one.settled))
    return pending, sealed, settled
