"""Spend caps, projected from events as the contract counts them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.settlement.events import (
    ChainEvent,
    Settled,
    SettlementSkipped,
    SpendCapSet,
    SubscriptionEvent,
    SubscriptionOpened,
    ToppedUp,
)
from flareflow.settlement.journal import post
from flareflow.settlement.positions import Position
from flareflow.settlement.spend_caps import SPEND_PERIOD, SpendCap
from flareflow.settlement.subscription import AT_ONCE, DEFAULT_TARIFF, Subscription

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPENED = SubscriptionOpened(1, "0x1", 1, 1, 10_000, 10_000)


def after(*happened: tuple[timedelta, SubscriptionEvent]) -> Subscription:
    """The subscription after its opening at noon and events so long after that."""
    state: Subscription | None = None
    for height, (age, what) in enumerate([(timedelta(), OPENED), *happened]):
        posting = post(ChainEvent(Position(height, 0, 0), NOON + age, "ab" * 32, what), state, DEFAULT_TARIFF)
        assert posting is not None
        state = posting.subscription
    assert state is not None
    return state


def charge(epoch: int, charged: int, balance: int, owed: int = 0) -> Settled:
    """A charge after which all that was ever used costs what was ever charged and is owed: 1 for 500 micro-tokens."""
    return Settled(1, epoch, (10_000 - balance + owed) * 500, charged, owed, balance)


def test_without_a_cap_the_whole_balance_can_be_spent() -> None:
    assert after().spendable_ufix64(NOON) == 10_000


def test_a_cap_begins_a_period_of_30_days_and_leaves_what_was_charged_before_out_of_it() -> None:
    # Given 1,000 that were charged before the cap, and 300 after it
    state = after((DAY, charge(1, 1_000, 9_000)), (2 * DAY, SpendCapSet(1, 500)), (3 * DAY, charge(2, 300, 8_700)))
    # Then 200 are left until the end of the period
    assert state.spend_cap == SpendCap(500, NOON + 32 * DAY, 1_000)
    assert state.spendable_ufix64(NOON + 31 * DAY) == 200


@pytest.mark.parametrize(("age", "ends"), [(30, 60), (59, 60), (60, 90), (365, 390)])
def test_a_new_period_begins_with_the_whole_limit(age: int, ends: int) -> None:
    # Given a cap that is used up in its first period
    state = after((timedelta(), SpendCapSet(1, 500)), (DAY, charge(1, 500, 9_500, owed=70)))
    assert state.spendable_ufix64(NOON + SPEND_PERIOD - timedelta(seconds=1)) == 0
    # When a later period has begun, Then the limit is there again, and the next charge counts against it
    assert state.spendable_ufix64(NOON + age * DAY) == 500
    later = after(
        (timedelta(), SpendCapSet(1, 500)),
        (DAY, charge(1, 500, 9_500, owed=70)),
        (age * DAY, charge(2, 70, 9_430)),
    )
    assert later.spend_cap == SpendCap(500, NOON + ends * DAY, 500)
    assert later.spendable_ufix64(NOON + age * DAY) == 430


def test_another_limit_keeps_the_period_and_what_was_charged_in_it() -> None:
    state = after((timedelta(), SpendCapSet(1, 500)), (DAY, charge(1, 400, 9_600)), (2 * DAY, SpendCapSet(1, 1_000)))
    assert state.spend_cap == SpendCap(1_000, NOON + SPEND_PERIOD, 0)
    assert state.spendable_ufix64(NOON + 3 * DAY) == 600


def test_a_limit_below_what_was_charged_leaves_nothing() -> None:
    state = after((timedelta(), SpendCapSet(1, 500)), (DAY, charge(1, 400, 9_600)), (2 * DAY, SpendCapSet(1, 100)))
    assert state.spendable_ufix64(NOON + 3 * DAY) == 0


def test_a_cap_that_is_taken_away_holds_nothing_back() -> None:
    state = after((timedelta(), SpendCapSet(1, 5)), (DAY, SpendCapSet(1, None)))
    assert state.spendable_ufix64(NOON + 2 * DAY) == 10_000


def test_a_cap_moves_no_money() -> None:
    capped = after((timedelta(), SpendCapSet(1, 500)))
    assert replace(capped, spend_cap=None, position=after().position) == after()


def test_what_a_cap_holds_back_can_be_charged_when_its_period_ends() -> None:
    # Given a cap that is used up, and a debt of 70
    state = after((timedelta(), SpendCapSet(1, 500)), (DAY, charge(1, 500, 9_500, owed=70)))
    assert state.chargeable_from == NOON + SPEND_PERIOD
    # When the next period charges the debt, then nothing is held back
    paid = after(
        (timedelta(), SpendCapSet(1, 500)),
        (DAY, charge(1, 500, 9_500, owed=70)),
        (31 * DAY, charge(2, 70, 9_430)),
    )
    assert paid.chargeable_from is None


def test_what_another_limit_holds_back_can_be_charged_by_the_next_page() -> None:
    assert after((DAY, charge(1, 500, 9_500, owed=70))).chargeable_from == AT_ONCE


def test_an_empty_deposit_has_nothing_that_could_be_charged_before_a_top_up() -> None:
    empty = (DAY, charge(1, 10_000, 0, owed=70))
    assert after(empty).chargeable_from is None
    assert after(empty, (2 * DAY, ToppedUp(1, "0x1", 30, 30))).chargeable_from == AT_ONCE


def test_a_subscription_that_a_settlement_has_skipped_is_charged_no_more() -> None:
    # Given a debt, and a page that named the subscription after the provider had ended it
    state = after((DAY, charge(1, 500, 9_500, owed=70)), (2 * DAY, SettlementSkipped(1, 2, 2_000)))
    # Then it has ended, with what it had
    assert state.has_ended
    assert state.chargeable_from is None
    assert (state.balance_ufix64, state.owed_ufix64) == (9_500, 70)
