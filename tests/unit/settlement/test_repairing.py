"""Entering events that were set aside, once the reason is mended."""

from dataclasses import replace

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.settlement import repairing
from flareflow.settlement.chain_events import ChainEventsReport
from flareflow.settlement.events import OwnerChanged, RevenueWithdrawn, SubscriptionOpened, ToppedUp, Unreadable
from flareflow.settlement.positions import Position, Waiting
from flareflow.settlement.repairing import Repaired, RepairJournal
from tests.unit.settlement.test_chain_events import ADDED, AT, Reading, happened

OPENED = happened(SubscriptionOpened(1, "0x1", 1, 1, 1_000, 1_000), 1)


def reading_of(*events: object) -> Reading:
    """A journal that has looked at these events."""
    reading = Reading()
    reading.chain.happened = list(events)  # type: ignore[arg-type]
    reading.chain.sealed_height = 20
    reading.run()
    return reading


def repair(reading: Reading, seconds: float = 60) -> Repaired:
    return RepairJournal(reading.chain, reading.token, reading.ledger).run(reading.clock.deadline(seconds))


def test_events_are_entered_in_their_order_once_the_first_is_mended() -> None:
    # Given an event in an unknown form, and two that wait for it
    mended = happened(ToppedUp(1, None, 5, 1_005), 3)
    later = [happened(ToppedUp(1, None, 1, 1_006), 5), happened(OwnerChanged(1, "0x9"), 6)]
    reading = reading_of(OPENED, replace(mended, happened=Unreadable("ToppedUp", 1, "unknown form")), *later)
    assert len(reading.ledger.aside) == 3
    # When the form is known and the journal is repaired
    reading.chain.happened = [OPENED, mended, *later]
    repaired = repair(reading)
    # Then nothing is set aside, and the subscription goes on
    assert (repaired.entered, repaired.still_aside, reading.ledger.aside) == (3, [], [])
    subscription = reading.ledger.subscriptions[1]
    assert (subscription.balance_ufix64, subscription.owner, subscription.waits_for) == (1_006, "0x9", None)
    assert subscription.position == Position(6, 0, 0)
    reading.chain.happened.append(happened(ToppedUp(1, None, 1, 1_007), 21))
    reading.chain.sealed_height = 21
    assert reading.run() == ChainEventsReport(entries=1, read_to=21)


def test_events_of_a_subscription_that_was_stored_wrongly_are_entered_once_it_is_mended() -> None:
    # Given two events that came while the stored subscription could not be read
    reading = reading_of(OPENED)
    reading.ledger.unreadable[1] = BrokenRuleError("deposited is not balance")
    reading.chain.happened += [happened(ToppedUp(1, None, 5, 1_005), 21), happened(OwnerChanged(1, "0x9"), 22)]
    reading.chain.sealed_height = 22
    reading.run()
    assert len(repair(reading).still_aside) == 2
    # When it is mended and the journal is repaired
    reading.ledger.unreadable.clear()
    # Then both are entered in their order
    assert repair(reading) == Repaired(2, [])
    subscription = reading.ledger.subscriptions[1]
    assert (subscription.balance_ufix64, subscription.owner, subscription.waits_for) == (1_005, "0x9", None)


def test_what_still_cannot_be_entered_keeps_the_rest_waiting() -> None:
    # Given two events of which only the first is mended, and one behind them
    first, second = happened(ToppedUp(1, None, 5, 1_005), 3), happened(ToppedUp(1, None, 1, 9_999), 5)
    behind = happened(ToppedUp(1, None, 1, 1_007), 6)
    reading = reading_of(OPENED, replace(first, happened=Unreadable("ToppedUp", 1, "unknown form")), second, behind)
    reading.chain.happened = [OPENED, first, second, behind]
    # When the journal is repaired
    repaired = repair(reading)
    # Then the first is entered, and the others wait with the reason of this attempt
    assert repaired.entered == 1
    assert [aside.position.height for aside in repaired.still_aside] == [5, 6]
    assert "the chain reports the balance 9999" in repaired.still_aside[0].reason
    subscription = reading.ledger.subscriptions[1]
    assert (subscription.balance_ufix64, subscription.waits_for) == (1_005, Waiting(Position(5, 0, 0), AT))


def test_no_event_is_entered_past_one_that_still_cannot_be() -> None:
    # Given an event in an unknown form and a later one that would fit without it
    unknown, moved = happened(Unreadable("LowBalance", 1, "unknown form"), 3), happened(OwnerChanged(1, "0x9"), 4)
    reading = reading_of(OPENED, unknown, moved)
    # When the journal is repaired and the form is still unknown, then both wait
    assert repair(reading).entered == 0
    assert reading.ledger.subscriptions[1].owner == "0x1"
    assert len(reading.ledger.aside) == 2


def test_one_subscription_that_still_waits_holds_up_no_other() -> None:
    bad = happened(Unreadable("ToppedUp", 1, "unknown form"), 2)
    second = happened(SubscriptionOpened(2, "0x2", 1, 1, 7, 7), 3)
    reading = reading_of(OPENED, bad, replace(second, happened=Unreadable("SubscriptionOpened", 2, "unknown form")))
    reading.chain.happened = [OPENED, bad, second]
    assert repair(reading).entered == 1
    assert reading.ledger.subscriptions[2].balance_ufix64 == 7
    assert [aside.subscription_id for aside in reading.ledger.aside] == [1]


def test_a_plan_is_known_before_those_who_were_set_aside_for_it() -> None:
    plan = happened(replace(ADDED, plan_id=2), 1)
    opened = happened(SubscriptionOpened(1, "0x1", 2, 1, 5, 5), 2)
    reading = reading_of(replace(plan, happened=Unreadable("PlanAdded", None, "unknown form")), opened)
    reading.chain.happened = [plan, opened]
    assert repair(reading).entered == 2
    assert reading.ledger.subscriptions[1].plan_id == 2


def test_revenue_that_was_withdrawn_is_entered_late() -> None:
    taken = happened(RevenueWithdrawn(5, None), 2)
    reading = reading_of(replace(taken, happened=Unreadable("RevenueWithdrawn", None, "unknown form")))
    reading.chain.happened = [taken]
    assert repair(reading).entered == 1
    assert reading.ledger.aside == []


def test_an_event_whose_subscription_was_not_readable_is_entered_with_those_that_wait_for_it() -> None:
    # Given an event of nobody knows whom, after which the next one of the subscription does not fit
    lost, next_one = happened(ToppedUp(1, None, 5, 1_005), 3), happened(ToppedUp(1, None, 1, 1_006), 5)
    reading = reading_of(OPENED, replace(lost, happened=Unreadable("ToppedUp", None, "no fields")), next_one)
    assert reading.ledger.subscriptions[1].waits_for == Waiting(next_one.position, AT)
    # When it can be read, then both are entered
    reading.chain.happened = [OPENED, lost, next_one]
    assert repair(reading).entered == 2
    assert reading.ledger.subscriptions[1].balance_ufix64 == 1_006
    assert reading.ledger.subscriptions[1].waits_for is None


def test_an_event_that_the_chain_no_longer_tells_stays_set_aside() -> None:
    reading = reading_of(OPENED, happened(Unreadable("ToppedUp", 1, "unknown form"), 3))
    reading.chain.happened = [OPENED]
    [still] = repair(reading).still_aside
    assert "the chain has no event ToppedUp" in still.reason


def test_a_repair_ends_at_its_deadline_and_the_next_goes_on() -> None:
    lost = happened(Unreadable("ToppedUp", 1, "unknown form"), 3)
    reading = reading_of(OPENED, lost)
    reading.chain.happened = [OPENED, replace(lost, happened=ToppedUp(1, None, 5, 1_005))]
    assert repair(reading, seconds=0).entered == 0
    assert repair(reading).entered == 1


def test_a_repair_of_a_part_keeps_the_subscription_waiting_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given three events that are mended, of which a repair looks at two
    monkeypatch.setattr(repairing, "REPAIRED_MAX", 2)
    events = [happened(ToppedUp(1, None, 1, 1_000 + n), 2 + n) for n in (1, 2, 3)]
    reading = reading_of(OPENED, replace(events[0], happened=Unreadable("ToppedUp", 1, "unknown form")), *events[1:])
    reading.chain.happened = [OPENED, *events]
    # When two repairs run, then the first leaves the subscription waiting for the third event
    assert repair(reading).entered == 2
    assert reading.ledger.subscriptions[1].waits_for == Waiting(events[2].position, AT)
    assert repair(reading).entered == 1
    assert reading.ledger.subscriptions[1].waits_for is None
