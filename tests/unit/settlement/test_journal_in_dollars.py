"""The journal of plans in dollars: each charge with its rate and what it pays of the bill."""

from datetime import UTC, datetime

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.settlement.entries import REVENUE, Line, subscriber
from flareflow.settlement.events import (
    ChainEvent,
    Forgiven,
    PlanChanged,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
    ToppedUp,
)
from flareflow.settlement.journal import Posting, post
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import MICROTOKENS_PER_TOKEN, Currency, Tariff, Tier, Tiers
from flareflow.settlement.subscription import Subscription

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
FLOW = DOLLAR = 10**8
IN_FLOW = Tariff()
IN_DOLLARS = Tariff(currency=Currency.USD, needs_rate=True)
ONE_TO_ONE = Tariff(currency=Currency.USD, needs_rate=False)
PLANS = {0: IN_FLOW, 1: IN_DOLLARS, 2: ONE_TO_ONE, 3: Tariff(Tiers((Tier(None, 4_000_000),)), Currency.USD, True)}
"""By plan id; the first three have the default prices, 0.02 for each of the first 100,000 tokens."""

HALF_USED = 50_000 * MICROTOKENS_PER_TOKEN
"""Tokens for 1 FLOW or dollar by the default prices."""
USED = 100_000 * MICROTOKENS_PER_TOKEN
QUARTER = DOLLAR // 4


def opened(plan: int, deposit: int = 20 * FLOW) -> SubscriptionOpened:
    return SubscriptionOpened(1, "0x1", plan, 1, deposit, deposit)


def posted(*happened: SubscriptionEvent) -> Posting:
    """The posting of the last of these events, which follow on each other."""
    state, posting = None, None
    for height, one in enumerate(happened):
        accepted = PLANS[one.plan_id] if isinstance(one, SubscriptionOpened | PlanChanged) else None
        posting = post(ChainEvent(Position(height, 0, 0), AT, "ab" * 32, one), state, accepted)
        assert posting is not None
        state = posting.subscription
    assert posting is not None
    return posting


def state_after(*happened: SubscriptionEvent) -> Subscription:
    state = posted(*happened).subscription
    assert state is not None
    return state


def test_a_charge_in_dollars_carries_its_rate_and_what_it_pays_of_the_bill() -> None:
    posting = posted(opened(plan=1), Settled(1, 7, HALF_USED, 4 * FLOW, 0, 16 * FLOW, QUARTER))
    assert posting.entry.lines == (Line(subscriber(1), -4 * FLOW), Line(REVENUE, 4 * FLOW))
    assert (posting.entry.currency, posting.entry.paid_ufix64) == (Currency.USD, DOLLAR)
    assert posting.entry.rate_ufix64 == QUARTER


def test_a_charge_of_a_plan_in_the_token_pays_what_it_charges_and_has_no_rate() -> None:
    entry = posted(opened(plan=0), Settled(1, 7, HALF_USED, FLOW, 0, 19 * FLOW)).entry
    assert (entry.currency, entry.paid_ufix64, entry.rate_ufix64) == (Currency.TOKEN, FLOW, None)


def test_a_bill_in_dollars_is_paid_one_to_one_where_the_token_is_a_dollar() -> None:
    entry = posted(opened(plan=2), Settled(1, 7, HALF_USED, DOLLAR, 0, 19 * DOLLAR)).entry
    assert (entry.currency, entry.paid_ufix64, entry.rate_ufix64) == (Currency.USD, DOLLAR, None)


def test_an_event_that_charges_nothing_has_no_currency() -> None:
    entry = posted(opened(plan=1)).entry
    assert (entry.currency, entry.paid_ufix64, entry.rate_ufix64) == (None, None, None)


def test_each_charge_is_at_the_rate_of_its_moment_and_all_of_them_pay_the_bill() -> None:
    # Given a dollar used at 0.25 dollars a FLOW
    first = Settled(1, 7, HALF_USED, 4 * FLOW, 0, 16 * FLOW, QUARTER)
    # When another is used at 0.2 dollars
    second = Settled(1, 8, USED, 5 * FLOW, 0, 11 * FLOW, DOLLAR // 5)
    state = state_after(opened(plan=1), first, second)
    # Then both are paid, and nothing is due
    assert (state.charged_ufix64, state.paid_dollars_ufix64, state.due_ufix64(USED)) == (9 * FLOW, 2 * DOLLAR, 0)


def test_a_debt_stays_in_dollars_and_is_paid_at_the_rate_of_the_top_up() -> None:
    # Given a deposit of 2 FLOW, worth half a dollar, and usage for one dollar; rounding is the owner's
    owed = DOLLAR // 2 - 1
    in_part = Settled(1, 7, HALF_USED, 2 * FLOW, owed, 0, QUARTER)
    history = opened(plan=1, deposit=2 * FLOW), in_part
    assert state_after(*history).owed_ufix64 == owed
    assert posted(*history).entry.paid_ufix64 == DOLLAR // 2 + 1
    # When FLOW is worth 0.3 dollars and the owner tops up
    charged = owed * FLOW // (DOLLAR * 3 // 10)
    paying = Settled(1, 7, HALF_USED, charged, 0, 5 * FLOW - charged, DOLLAR * 3 // 10)
    last = posted(*history, ToppedUp(1, None, 5 * FLOW, 5 * FLOW), paying)
    # Then the charge pays the rest of the dollar
    assert last.entry.paid_ufix64 == owed
    assert last.subscription is not None
    assert last.subscription.paid_dollars_ufix64 == DOLLAR


@pytest.mark.parametrize(
    "settled",
    [
        Settled(1, 7, HALF_USED, 4 * FLOW + 1, 0, 16 * FLOW - 1, QUARTER),
        Settled(1, 7, HALF_USED, 4 * FLOW - 5, 0, 16 * FLOW + 5, QUARTER),
        Settled(1, 7, HALF_USED, 2 * FLOW, DOLLAR // 2, 18 * FLOW, QUARTER),
        Settled(1, 7, HALF_USED, 4 * FLOW, 0, 16 * FLOW, None),
    ],
    ids=["too much", "too little", "owing what rounding gave away", "without a rate"],
)
def test_a_charge_that_is_not_what_the_bill_comes_to_is_an_error(settled: Settled) -> None:
    with pytest.raises(BrokenRuleError, match="were due in 1e-8 dollars"):
        posted(opened(plan=1), settled)


def test_a_forgiven_debt_is_no_longer_due() -> None:
    settled = Settled(1, 7, HALF_USED, 0, DOLLAR, 20 * FLOW, QUARTER)
    state = state_after(opened(plan=1), settled, Forgiven(1, DOLLAR * 3 // 4, QUARTER))
    assert (state.owed_ufix64, state.due_ufix64(HALF_USED)) == (QUARTER, QUARTER)
    assert state.due_ufix64(USED) == QUARTER + DOLLAR


def test_another_plan_prices_only_what_is_used_after_it() -> None:
    # Given usage for a dollar, and a plan at twice the price from there on
    history = opened(plan=1), Settled(1, 7, HALF_USED, 4 * FLOW, 0, 16 * FLOW, QUARTER)
    state = state_after(*history, PlanChanged(1, 3, 1, HALF_USED))
    # Then what was used stays paid, and the next tokens cost two dollars
    assert (state.due_ufix64(HALF_USED), state.due_ufix64(USED)) == (0, 2 * DOLLAR)


def test_a_change_of_currency_bills_each_token_once() -> None:
    # Given usage for 1 FLOW on a plan in FLOW, whose owner then changes to the same prices in dollars
    in_flow = opened(plan=0, deposit=30 * FLOW), Settled(1, 7, HALF_USED, FLOW, 0, 29 * FLOW)
    to_dollars = *in_flow, PlanChanged(1, 1, 1, HALF_USED)
    assert state_after(*to_dollars).due_ufix64(HALF_USED) == 0
    # When another dollar is used, then it costs 4 FLOW more
    in_dollars = *to_dollars, Settled(1, 8, USED, 4 * FLOW, 0, 25 * FLOW, QUARTER)
    assert state_after(*in_dollars).paid_dollars_ufix64 == DOLLAR
    # And after a change back, later tokens are billed in FLOW, on top of all that was charged
    back = state_after(*in_dollars, PlanChanged(1, 0, 1, USED))
    assert (back.due_ufix64(USED), back.due_ufix64(USED + HALF_USED)) == (0, FLOW * 3 // 4)
    # And a second change to dollars remembers what was paid in dollars
    later = Settled(1, 9, USED + HALF_USED, FLOW * 3 // 4, 0, 25 * FLOW - FLOW * 3 // 4)
    again = state_after(*in_dollars, PlanChanged(1, 0, 1, USED), later, PlanChanged(1, 1, 1, USED + HALF_USED))
    assert again.due_ufix64(USED + HALF_USED) == 0
    assert again.due_ufix64(USED + 2 * HALF_USED) == DOLLAR * 3 // 4


def test_a_plan_that_no_event_has_announced_is_an_error() -> None:
    with pytest.raises(BrokenRuleError, match="no event has announced the plan"):
        post(ChainEvent(Position(0, 0, 0), AT, "ab" * 32, opened(plan=9)), None)
