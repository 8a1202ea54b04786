"""Entering the chain's events into the journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.errors import BrokenRuleError, FlowAnswerTooLargeError
from flareflow.settlement import chain_events
from flareflow.settlement.chain_events import HEIGHTS_MAX, ChainEventsReport, ReadChainEvents
from flareflow.settlement.events import (
    BlocksRead,
    ChainEvent,
    PlanAdded,
    PlanChangeAccepted,
    PlanChanged,
    PlanEvent,
    PlanRetired,
    RevenueWithdrawn,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
    ToppedUp,
    Unreadable,
)
from flareflow.settlement.journal import Posting, SettingAside
from flareflow.settlement.plans import NextPlan, PlanVersion
from flareflow.settlement.positions import Position, Waiting
from flareflow.settlement.pricing import DEFAULT_TIERS, Currency, Tariff
from tests.fakes.settlement import FakeChainLog, FakeClock, FakeDepositToken, FakeLedger

ADDED = PlanAdded(1, 1, False, DEFAULT_TIERS.tiers, 10**8, 10**8, 1_764_000_000 * 10**8)
AT = datetime(2026, 11, 24, tzinfo=UTC)
IN_FLOW = PlanVersion.of(ADDED, token_is_dollar=False)


def happened(
    what: SubscriptionEvent | RevenueWithdrawn | PlanEvent | Unreadable, height: int, index: int = 0
) -> ChainEvent:
    return ChainEvent(Position(height, 0, index), AT, "ab" * 32, what)


@dataclass
class Reading:
    """The use case on fakes."""

    chain: FakeChainLog = field(default_factory=FakeChainLog)
    ledger: FakeLedger = field(default_factory=lambda: FakeLedger(plans={(1, 1): IN_FLOW}))
    token: FakeDepositToken = field(default_factory=FakeDepositToken)
    clock: FakeClock = field(default_factory=FakeClock)
    start_height: int = 0

    def run(self, seconds: float = 60) -> ChainEventsReport:
        use_case = ReadChainEvents(self.chain, self.token, self.ledger, self.start_height, self.clock)
        return use_case.run(self.clock.deadline(seconds))

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


def test_the_ledger_is_complete_as_of_the_moment_when_the_latest_block_was_asked_for(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a node that takes half a minute to list events
    begun, events = reading.clock.now, reading.chain.events

    def events_later(first_height: int, last_height: int) -> BlocksRead:
        reading.clock.move(30)
        return events(first_height, last_height)

    monkeypatch.setattr(reading.chain, "events", events_later)
    # When everything is read
    reading.run()
    # Then the ledger is complete as of the beginning, and when no block is new, as of the second tick
    assert reading.ledger.complete_at == begun
    reading.run()
    assert reading.ledger.complete_at == begun + timedelta(seconds=30)


def test_a_ledger_that_the_deadline_left_incomplete_grows_old(reading: Reading) -> None:
    reading.chain.sealed_height = 400
    reading.run(seconds=0)
    assert reading.ledger.complete_at is None


def test_events_of_one_block_are_applied_in_their_order(reading: Reading) -> None:
    # Given events of two types that the node lists by type
    reading.opened_at(3)
    reading.chain.happened.append(happened(Settled(1, 7, 2_500, 5, 0, 1_095), 3, index=2))
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


def test_an_event_that_breaks_a_rule_is_set_aside_with_its_reason(reading: Reading) -> None:
    # Given an event of a subscription that nobody opened
    reading.chain.happened.append(happened(ToppedUp(1, None, 100, 100), 1))
    reading.chain.sealed_height = 1
    # When it is read, then reading goes on, and the event waits for a person
    assert reading.run() == ChainEventsReport(entries=0, read_to=1, set_aside=1)
    [aside] = reading.ledger.aside
    assert (aside.subscription_id, aside.kind) == (1, "ToppedUp")
    assert "cannot follow on None" in aside.reason


def test_plans_are_known_from_their_announcement_and_are_no_entries(reading: Reading) -> None:
    # Given a plan in dollars that was announced and retired
    added = replace(ADDED, plan_id=2, is_in_dollars=True)
    reading.chain.happened += [happened(added, 1), happened(PlanRetired(2), 2)]
    reading.chain.sealed_height = 2
    # When the events are read
    report = reading.run()
    # Then the plan is known with its currency, and the journal is empty
    assert report == ChainEventsReport(entries=0, read_to=2)
    assert reading.ledger.plans[2, 1] == PlanVersion(
        plan_id=2,
        plan_version=1,
        tariff=Tariff(DEFAULT_TIERS, Currency.USD, needs_rate=True),
        minimum_deposit_ufix64=10**8,
        low_balance_ufix64=10**8,
        effective_at=datetime.fromtimestamp(1_764_000_000, UTC),
    )
    assert reading.ledger.retired == {2}


def test_plans_in_dollars_need_no_rate_where_the_token_is_a_dollar(reading: Reading) -> None:
    reading.token.dollar = True
    reading.chain.happened.append(happened(replace(ADDED, plan_id=2, is_in_dollars=True), 0))
    reading.run()
    assert reading.ledger.plans[2, 1].tariff == Tariff(DEFAULT_TIERS, Currency.USD, needs_rate=False)


def test_a_subscription_has_the_prices_of_the_plan_that_it_was_opened_on(reading: Reading) -> None:
    reading.chain.happened.append(happened(replace(ADDED, is_in_dollars=True), 1))
    reading.opened_at(2)
    reading.chain.sealed_height = 2
    reading.run()
    assert reading.ledger.subscriptions[1].tariff == Tariff(DEFAULT_TIERS, Currency.USD, needs_rate=True)


def test_a_subscription_has_the_prices_of_the_plan_that_it_was_changed_to(reading: Reading) -> None:
    reading.chain.happened.append(happened(replace(ADDED, plan_version=2, is_in_dollars=True), 1))
    reading.opened_at(2)
    reading.chain.happened.append(happened(PlanChanged(1, 1, 2, 0), 3))
    reading.chain.sealed_height = 3
    reading.run()
    assert reading.ledger.subscriptions[1].tariff.currency is Currency.USD


def test_what_is_too_much_for_one_answer_is_asked_for_in_halves(reading: Reading) -> None:
    # Given a node that answers for two events at most, and seven blocks with one each
    reading.opened_at(0)
    reading.chain.happened += [happened(ToppedUp(1, None, 1, 1_000 + height), height) for height in range(1, 8)]
    reading.chain.sealed_height, reading.chain.events_max = 7, 2
    # When the blocks are read
    report = reading.run()
    # Then ranges are halved until they are answered, and every event is entered once
    assert report == ChainEventsReport(entries=8, read_to=7)
    assert reading.chain.asked[:4] == [(0, 7), (0, 3), (0, 1), (2, 5)]
    assert reading.ledger.subscriptions[1].balance_ufix64 == 1_007


def test_a_single_block_that_is_too_much_stops_reading_with_an_error(reading: Reading) -> None:
    reading.opened_at(0)
    reading.chain.events_max = 0
    with pytest.raises(FlowAnswerTooLargeError):
        reading.run()
    assert reading.ledger.height is None


def test_blocks_that_a_node_did_not_search_are_asked_for_again(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a node that has searched only up to block 3 and does not say so otherwise
    reading.opened_at(2)
    reading.chain.happened.append(happened(ToppedUp(1, None, 5, 1_005), 4))
    reading.chain.sealed_height, reading.chain.covered_height = 5, 3
    # When it is asked for more, then the rest is asked for later
    monkeypatch.setattr(reading.chain, "events", _catching_up(reading.chain))
    assert reading.run() == ChainEventsReport(entries=2, read_to=5)
    assert reading.chain.asked == [(0, 5), (4, 5)]


def _catching_up(chain: FakeChainLog) -> Callable[..., BlocksRead]:
    """The node has caught up after its first answer."""
    ask = chain.events

    def events(first: int, last: int) -> BlocksRead:
        answer = ask(first, last)
        chain.covered_height = chain.sealed_height
        return answer

    return events


def test_a_deadline_within_a_range_keeps_what_was_entered(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given steps of two events, and time for two steps; block 2 has three events
    monkeypatch.setattr(chain_events, "STEP_EVENTS_MAX", 2)
    reading.opened_at(1)
    places = [(2, 0), (2, 1), (2, 2), (3, 0), (9, 0)]
    for number, (height, index) in enumerate(places, start=1):
        reading.chain.happened.append(happened(ToppedUp(1, None, 1, 1_000 + number), height, index))
    reading.chain.sealed_height = 10
    monkeypatch.setattr(reading.ledger, "record", _taking(30, reading))
    # When a tick of 60 seconds reads them
    assert reading.run(seconds=60) == ChainEventsReport(entries=4, read_to=2)
    # Then the next tick goes on after the last complete block
    assert reading.run(seconds=600) == ChainEventsReport(entries=2, read_to=10)
    assert reading.chain.asked == [(0, 10), (3, 10)]


def test_a_deadline_within_a_block_keeps_what_was_entered(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given steps of one event, and time for two; all are in block 1
    monkeypatch.setattr(chain_events, "STEP_EVENTS_MAX", 1)
    reading.opened_at(1)
    reading.chain.happened += [happened(ToppedUp(1, None, 1, 1_000 + n), 1, n) for n in (1, 2)]
    reading.chain.sealed_height = 1
    monkeypatch.setattr(reading.ledger, "record", _taking(30, reading))
    # When two ticks read them
    assert reading.run(seconds=60) == ChainEventsReport(entries=2, read_to=0)
    assert reading.run(seconds=600) == ChainEventsReport(entries=1, read_to=1)
    # Then each is entered once
    assert reading.ledger.subscriptions[1].balance_ufix64 == 1_002


def _taking(seconds: float, reading: Reading) -> Callable[[Sequence[Posting | SettingAside]], int]:
    """Recording that takes a while."""
    record = reading.ledger.record

    def slowly(postings: Sequence[Posting | SettingAside]) -> int:
        reading.clock.move(seconds)
        return record(postings)

    return slowly


def two_subscriptions(reading: Reading) -> None:
    """Subscriptions 1 and 2; an event of 1 cannot be entered, and each has later events."""
    reading.chain.happened += [
        happened(SubscriptionOpened(1, "0x1", 1, 1, 1_000, 1_000), 1),
        happened(SubscriptionOpened(2, "0x2", 1, 1, 1_000, 1_000), 2),
        happened(ToppedUp(1, None, 5, 1_006), 3),
        happened(ToppedUp(2, None, 5, 1_005), 4),
        happened(ToppedUp(1, None, 1, 1_006), 5),
    ]
    reading.chain.sealed_height = 5


def test_only_the_subscription_of_an_event_that_is_set_aside_waits(reading: Reading) -> None:
    two_subscriptions(reading)
    assert reading.run() == ChainEventsReport(entries=3, read_to=5, set_aside=2)
    first, second = reading.ledger.subscriptions[1], reading.ledger.subscriptions[2]
    assert (first.balance_ufix64, first.waits_for) == (1_000, Waiting(Position(3, 0, 0), AT))
    assert (second.balance_ufix64, second.waits_for) == (1_005, None)
    assert "the chain reports the balance 1006" in reading.ledger.aside[0].reason
    assert "an earlier event is set aside" in reading.ledger.aside[1].reason


@pytest.mark.parametrize("error", [BrokenRuleError("deposited is not balance"), ValueError("unknown form")])
def test_events_of_a_subscription_that_is_stored_wrongly_are_set_aside_and_the_others_are_entered(
    reading: Reading, error: Exception
) -> None:
    # Given two subscriptions, of which one is stored with amounts that break the rule
    two_subscriptions(reading)
    reading.chain.sealed_height = 2
    reading.run()
    stored = reading.ledger.subscriptions[1]
    reading.ledger.unreadable[1] = error
    # When events of both are read
    reading.chain.sealed_height = 5
    report = reading.run()
    # Then those of the other are entered, and what is stored of this one stays as it is
    assert report == ChainEventsReport(entries=1, read_to=5, set_aside=2)
    assert reading.ledger.subscriptions[2].balance_ufix64 == 1_005
    assert reading.ledger.subscriptions[1] is stored
    reasons = {aside.reason for aside in reading.ledger.aside}
    assert reasons == {f"what is stored of the subscription cannot be read: {error}"}


def test_events_that_are_set_aside_are_set_aside_once(reading: Reading) -> None:
    two_subscriptions(reading)
    reading.run()
    reading.ledger.height = None
    assert reading.run() == ChainEventsReport(entries=0, read_to=5, set_aside=2)


def test_an_unreadable_event_is_set_aside(reading: Reading) -> None:
    # Given an event that is in no known form, of a subscription that is known
    reading.opened_at(1)
    reading.chain.happened.append(happened(Unreadable("ToppedUp", 1, "unknown form"), 2))
    reading.chain.sealed_height = 2
    # When it is read, then the subscription waits for it
    assert reading.run() == ChainEventsReport(entries=1, read_to=2, set_aside=1)
    assert reading.ledger.subscriptions[1].waits_for == Waiting(Position(2, 0, 0), AT)
    assert reading.ledger.aside[0].reason == "ToppedUp: unknown form"


def test_a_plan_with_impossible_prices_is_set_aside_with_those_who_are_on_it(reading: Reading) -> None:
    reading.chain.happened += [
        happened(replace(ADDED, plan_id=2, tiers=()), 1),
        happened(SubscriptionOpened(1, "0x1", 2, 1, 5, 5), 2),
        happened(SubscriptionOpened(2, "0x1", 1, 1, 5, 5), 3),
    ]
    reading.chain.sealed_height = 3
    assert reading.run() == ChainEventsReport(entries=1, read_to=3, set_aside=2)
    assert [aside.subscription_id for aside in reading.ledger.set_aside(9)] == [None, 1]


def test_a_subscription_has_the_plan_that_its_owner_has_accepted_before_it_is_in_force(reading: Reading) -> None:
    reading.chain.happened.append(happened(replace(ADDED, plan_version=2, is_in_dollars=True), 1))
    reading.opened_at(2)
    reading.chain.happened.append(happened(PlanChangeAccepted(1, 1, 2, from_epoch=9), 3))
    reading.chain.sealed_height = 3
    reading.run()
    in_dollars = Tariff(DEFAULT_TIERS, Currency.USD, needs_rate=True)
    assert reading.ledger.subscriptions[1].next_plan == NextPlan(1, 2, in_dollars, from_epoch=9)
