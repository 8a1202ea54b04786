"""Entering the chain's events into the journal."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.settlement.chain_events import HEIGHTS_MAX, ChainEventsReport, ReadChainEvents
from flareflow.settlement.events import (
    ChainEvent,
    Position,
    RevenueWithdrawn,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
    ToppedUp,
)
from tests.fakes.settlement import FakeChainLog, FakeClock, FakeLedger


def happened(what: SubscriptionEvent | RevenueWithdrawn, height: int, index: int = 0) -> ChainEvent:
    return ChainEvent(Position(height, 0, index), datetime(2026, 11, 24, tzinfo=UTC), "ab" * 32, what)


@dataclass
class Reading:
    """The use case on fakes."""

    chain: FakeChainLog = field(default_factory=FakeChainLog)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    clock: FakeClock = field(default_factory=FakeClock)
    start_height: int = 0

    def run(self, seconds: float = 60) -> ChainEventsReport:
        return ReadChainEvents(self.chain, self.ledger, self.start_height).run(self.clock.deadline(seconds))

    def opened_at(self, height: int) -> None:
        self.chain.happened.append(happened(SubscriptionOpened(1, "0x1", 1, 1, 1_000, 1_000), height))


@pytest.fixture
def reading() -> Reading:
    return Reading()


def test_an_event_of_block_zero_is_read(reading: Reading) -> None:
    reading.opened_at(0)
    assert reading.run() == ChainEventsReport(entries=1, read_to=0)


def test_blocks_before_the_start_are_not_asked_for(reading: Reading) -> None:
    reading.start_height, reading.chain.sealed_height = 50, 60
    reading.run()
    assert reading.chain.asked == [(50, 60)]


def test_reading_goes_on_after_the_last_block_read(reading: Reading) -> None:
    reading.chain.sealed_height = 5
    reading.run()
    reading.chain.sealed_height = 9
    reading.run()
    reading.run()
    assert reading.chain.asked == [(0, 5), (6, 9)]


def test_block_zero_is_not_read_again(reading: Reading) -> None:
    reading.run()
    reading.run()
    assert reading.chain.asked == [(0, 0)]


def test_many_blocks_are_read_at_most_250_at_a_time(reading: Reading) -> None:
    reading.chain.sealed_height = 2 * HEIGHTS_MAX
    reading.run()
    assert reading.chain.asked == [(0, 249), (250, 499), (500, 500)]


def test_the_deadline_ends_reading_between_two_requests(reading: Reading) -> None:
    reading.chain.sealed_height = 400
    assert reading.run(seconds=0) == ChainEventsReport(entries=0, read_to=None)


def test_events_of_one_block_are_applied_in_their_order(reading: Reading) -> None:
    # Given events of two types that the node lists by type
    reading.opened_at(3)
    reading.chain.happened.append(happened(Settled(1, 7, 10, 5, 0, 1_095), 3, index=2))
    reading.chain.happened.append(happened(ToppedUp(1, None, 100, 1_100), 3, index=1))
    reading.chain.sealed_height = 3
    # When they are read
    reading.run()
    # Then each fits on the one before
    assert [entry.kind for entry in reading.ledger.entries] == ["SubscriptionOpened", "ToppedUp", "Settled"]


def test_events_that_are_read_again_after_a_crash_change_nothing(reading: Reading) -> None:
    # Given events in the books and a cursor that was not moved
    reading.opened_at(1)
    reading.chain.happened.append(happened(RevenueWithdrawn(5, None), 2))
    reading.chain.sealed_height = 2
    reading.run()
    before = list(reading.ledger.entries)
    reading.ledger.height = None
    # When they are read again
    report = reading.run()
    # Then the books are the same
    assert report == ChainEventsReport(entries=0, read_to=2)
    assert reading.ledger.entries == before


def test_the_cursor_does_not_move_past_an_event_that_breaks_a_rule(reading: Reading) -> None:
    # Given an event of a subscription that nobody opened
    reading.chain.happened.append(happened(ToppedUp(1, None, 100, 100), 1))
    reading.chain.sealed_height = 1
    # When it is read, then everything stops and is kept
    with pytest.raises(BrokenRuleError):
        reading.run()
    assert reading.ledger.height is None
