"""`UsageEvents` and `EpochUsage`: each call counts once, and totals are the sum of events, fake and DynamoDB alike."""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.subscriptions import UsageReader
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_items import KnownCalls
from flareflow.errors import BrokenRuleError, RaceLostError
from flareflow.metering.models import LiveTotals, Usage, UsageEvent
from flareflow.metering.ports import UsageEvents
from flareflow.statements.ports import OpenEpoch
from tests.fakes.metering import NOW, FakeUsageEvents, finished_call
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SECOND = timedelta(seconds=1)
EPOCH = 5_000_000


class Live(Protocol):
    def live(self, subscription_id: int) -> LiveTotals: ...


@dataclass
class Metered:
    """The port, and how its totals are read."""

    usage: UsageEvents
    reader: Live


def event(call_id: str, tokens: int = 10, subscription_id: int = 1) -> UsageEvent:
    return UsageEvent(subscription_id, finished_call(call_id, tokens, started_at=NOW - SECOND), tokens * 1_000_000)


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def metered(request: pytest.FixtureRequest) -> Metered:
    if request.param == "fake":
        fake = FakeUsageEvents()
        return Metered(fake, fake)
    table: Table = request.getfixturevalue("table")
    return Metered(DynamoUsageEvents(table, time.sleep), UsageReader(table))


def test_an_event_is_counted_once(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    assert metered.usage.count([event("a"), event("b"), event("a")], NOW) == 2
    assert metered.usage.count([event("a"), event("c")], NOW) == 1
    assert metered.reader.live(1) == LiveTotals(counted=Usage(27, 3, 3, 30_000_000, 21))


def test_an_event_is_unconfirmed_once_and_never_after_it_was_counted(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.count([event("counted")], NOW)
    assert metered.usage.add_unconfirmed([event("counted"), event("new"), event("new")], NOW) == 1
    assert metered.usage.add_unconfirmed([event("new")], NOW) == 0
    assert metered.reader.live(1).unconfirmed == event("new").usage


def test_an_unconfirmed_event_is_counted_with_the_numbers_of_the_poll(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.add_unconfirmed([event("a", tokens=90)], NOW)
    assert metered.usage.count([event("a", tokens=100)], NOW) == 1
    assert metered.reader.live(1) == LiveTotals(counted=event("a", tokens=100).usage)


def test_an_unconfirmed_event_is_dropped_once_and_may_be_counted_later(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.add_unconfirmed([event("a")], NOW)
    assert metered.usage.drop_unconfirmed([event("a"), event("never-seen")], NOW) == 1
    assert metered.usage.drop_unconfirmed([event("a")], NOW) == 0
    assert metered.usage.add_unconfirmed([event("a")], NOW) == 0
    assert metered.reader.live(1) == LiveTotals()
    assert metered.usage.count([event("a")], NOW) == 1
    assert metered.reader.live(1) == LiveTotals(counted=event("a").usage)


def test_a_counted_event_is_not_dropped(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.count([event("a")], NOW)
    assert metered.usage.drop_unconfirmed([event("a")], NOW) == 0
    assert metered.reader.live(1).counted == event("a").usage


def test_events_unconfirmed_since_before_a_moment_are_listed_oldest_first(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    for second, call_id in enumerate(["first", "second", "confirmed", "fourth", "too-new"]):
        metered.usage.add_unconfirmed([event(call_id)], NOW + second * SECOND)
    metered.usage.count([event("confirmed")], NOW)
    waiting = metered.usage.unconfirmed(NOW + 4 * SECOND, limit=10)
    assert waiting == [event("first"), event("second"), event("fourth")]
    assert metered.usage.unconfirmed(NOW + 4 * SECOND, limit=2) == waiting[:2]


def test_nothing_is_counted_before_an_epoch_was_opened(metered: Metered) -> None:
    with pytest.raises(BrokenRuleError):
        metered.usage.count([event("a")], NOW)


def test_the_watermark_only_moves_forward(metered: Metered) -> None:
    assert metered.usage.read_to() is None
    for moment in (NOW, NOW + SECOND, NOW - SECOND):
        metered.usage.advance_read_to(moment)
    assert metered.usage.read_to() == NOW + SECOND


def test_a_call_can_be_quarantined_again(metered: Metered) -> None:
    for _ in range(2):
        metered.usage.quarantine([finished_call("strange"), finished_call("stranger")], NOW)


@pytest.mark.stack
def test_more_events_than_a_transaction_takes_are_all_counted(table: "Table") -> None:
    # Given 250 calls of 60 subscriptions
    usage = DynamoUsageEvents(table, time.sleep)
    usage.open_epoch_if_none(EPOCH)
    events = [event(f"call-{n}", tokens=n + 1, subscription_id=n % 60) for n in range(250)]
    # When they are counted at once
    assert usage.count(events, NOW) == 250
    # Then what the epoch added is their sum
    deltas = DynamoEpochUsage(table).deltas(EPOCH)
    assert len(deltas) == 60
    assert sum(delta.tokens for delta in deltas.values()) == sum(range(1, 251))
    assert all(UsageReader(table).live(subscription).counted == deltas[subscription] for subscription in deltas)


@pytest.mark.stack
def test_a_closed_epoch_gets_no_event_and_keeps_what_it_has(table: "Table") -> None:
    # Given a closed epoch
    usage, epochs = DynamoUsageEvents(table, time.sleep), DynamoEpochUsage(table)
    usage.open_epoch_if_none(EPOCH)
    usage.count([event("a")], NOW)
    epochs.close(EPOCH, EPOCH + 1)
    # When more is counted
    usage.count([event("a"), event("b")], NOW)
    # Then it is the next epoch's
    assert epochs.deltas(EPOCH) == {1: event("a").usage}
    assert epochs.deltas(EPOCH + 1) == {1: event("b").usage}
    assert UsageReader(table).events(1, EPOCH + 1, None).items == [event("b")]


@pytest.mark.stack
def test_an_epoch_that_closes_between_reading_and_writing_moves_its_events_on(
    table: "Table", monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an epoch that is closed just after it was found to be open
    usage, epochs = DynamoUsageEvents(table, time.sleep), DynamoEpochUsage(table)
    usage.open_epoch_if_none(EPOCH)
    opened = DynamoUsageEvents._open_epoch

    def close_behind_it(self: DynamoUsageEvents) -> int:
        epoch = opened(self)
        if epoch == EPOCH:
            epochs.close(EPOCH, EPOCH + 1)
        return epoch

    monkeypatch.setattr(DynamoUsageEvents, "_open_epoch", close_behind_it)
    # When an event is counted
    assert usage.count([event("a")], NOW) == 1
    # Then it is counted under the epoch that is open by then
    assert epochs.deltas(EPOCH) == {}
    assert epochs.deltas(EPOCH + 1) == {1: event("a").usage}


@pytest.mark.stack
def test_an_epoch_is_closed_once_and_not_while_another_is_being_sealed(table: "Table") -> None:
    epochs = DynamoEpochUsage(table)
    assert epochs.open_epoch() is None
    DynamoUsageEvents(table, time.sleep).open_epoch_if_none(EPOCH)
    assert epochs.open_epoch() == OpenEpoch(EPOCH, sealing=None)
    epochs.close(EPOCH, EPOCH + 3)
    assert epochs.open_epoch() == OpenEpoch(EPOCH + 3, sealing=EPOCH)
    for epoch in (EPOCH, EPOCH + 3):
        with pytest.raises(RaceLostError):
            epochs.close(epoch, EPOCH + 4)
    for _ in range(2):
        epochs.sealed(EPOCH)
    assert epochs.open_epoch() == OpenEpoch(EPOCH + 3, sealing=None)


@pytest.mark.stack
def test_concurrent_polls_and_pushes_count_each_call_once(table: "Table") -> None:
    # Given four pollers and two pushes with the same calls
    usage = DynamoUsageEvents(table, time.sleep)
    usage.open_epoch_if_none(EPOCH)
    events = [event(f"call-{n}") for n in range(40)]
    # When all write at the same moment
    with ThreadPoolExecutor(6) as pool:
        counts = [pool.submit(usage.count, events[n:] + events[:n], NOW) for n in (0, 10, 20, 30)]
        pushes = [pool.submit(usage.add_unconfirmed, events[first : first + 5], NOW) for first in (0, 20)]
        counted = sum(future.result() for future in counts)
        [future.result() for future in pushes]
    # Then every call is counted once, and nothing is unconfirmed
    assert counted == 40
    assert UsageReader(table).live(1) == LiveTotals(counted=Usage(360, 40, 40, 400_000_000, 280))


def test_dropped_and_counted_events_are_not_listed_as_unconfirmed(metered: Metered) -> None:
    # Given three unconfirmed events
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.add_unconfirmed([event("dropped"), event("counted"), event("waiting")], NOW)
    # When one is dropped and one counted
    metered.usage.drop_unconfirmed([event("dropped")], NOW)
    metered.usage.count([event("counted")], NOW)
    # Then the third is left
    assert metered.usage.unconfirmed(NOW + SECOND, limit=10) == [event("waiting")]


@pytest.mark.stack
@pytest.mark.parametrize("first", ["count", "add_unconfirmed"])
def test_two_invocations_that_read_before_either_writes_count_a_call_once(
    table: "Table", monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    # Given an invocation that writes the same call just after this one has found it to be new
    usage = DynamoUsageEvents(table, lambda _: None)
    overtaken: list[bool] = []
    usage.open_epoch_if_none(EPOCH)
    read = DynamoUsageEvents._known_calls

    def read_and_be_overtaken(self: DynamoUsageEvents, events: Iterable[UsageEvent]) -> KnownCalls:
        known = read(self, list(events))
        if not overtaken:
            overtaken.append(True)
            getattr(usage, first)(list(events), NOW)
        return known

    monkeypatch.setattr(DynamoUsageEvents, "_known_calls", read_and_be_overtaken)
    # When the call is counted
    counted = usage.count([event("a")], NOW)
    # Then it is counted once, by whichever was first
    assert counted == (0 if first == "count" else 1)
    assert UsageReader(table).live(1) == LiveTotals(counted=event("a").usage)
    assert DynamoEpochUsage(table).deltas(EPOCH) == {1: event("a").usage}
