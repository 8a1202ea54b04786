"""A plan that an owner has accepted is followed before it is in force."""

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.settlement.events import (
    ChainEvent,
    PlanChangeAccepted,
    PlanChanged,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
)
from flareflow.settlement.journal import post
from flareflow.settlement.plan_changes import bills_ufix64, most_due_in_tokens_ufix64
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import MICROTOKENS_PER_TOKEN, Currency, Tariff, Tier, Tiers
from flareflow.settlement.subscription import Subscription

AT: Final = datetime(2026, 11, 24, 10, tzinfo=UTC)
FLOW = DOLLAR = 10**8
THOUSAND: Final = 1_000 * MICROTOKENS_PER_TOKEN
FLAT, CHEAP, DEAR = (Tariff(Tiers((Tier(None, price),))) for price in (FLOW, FLOW // 2, 3 * FLOW))
STEEP: Final = Tariff(Tiers((Tier(2, FLOW // 2), Tier(4, 3 * FLOW), Tier(None, FLOW // 2))))
IN_DOLLARS: Final = Tariff(Tiers((Tier(None, DOLLAR),)), Currency.USD, needs_rate=True)
TARIFFS: Final = {0: FLAT, 1: CHEAP, 2: DEAR, 3: IN_DOLLARS, 4: STEEP}
OPENED: Final = SubscriptionOpened(1, "0x1", 0, 1, 100 * FLOW, 100 * FLOW)
SETTLED: Final = Settled(1, 7, 10 * THOUSAND, 10 * FLOW, 0, 90 * FLOW)


def state_after(*happened: SubscriptionEvent) -> Subscription:
    state: Subscription | None = None
    for height, one in enumerate(happened):
        accepted = TARIFFS[one.plan_id] if hasattr(one, "plan_id") else None
        posting = post(ChainEvent(Position(height, 0, 0), AT, "ab" * 32, one), state, accepted)
        assert posting is not None
        assert posting.subscription is not None
        state = posting.subscription
    assert state is not None
    return state


def accepted(plan_id: int) -> PlanChangeAccepted:
    return PlanChangeAccepted(1, plan_id, 1, from_epoch=8)


def test_an_accepted_plan_is_known_until_it_is_in_force() -> None:
    assert state_after(OPENED).next_plan is None
    waiting = state_after(OPENED, accepted(2))
    assert waiting.next_plan == NextPlan(2, 1, DEAR, from_epoch=8)
    assert (waiting.plan_id, waiting.tariff) == (0, FLAT)
    begun = state_after(OPENED, accepted(2), PlanChanged(1, 2, 1, 0))
    assert (begun.next_plan, begun.plan_id, begun.tariff) == (None, 2, DEAR)


def test_an_owner_who_accepts_the_plan_in_force_again_keeps_it() -> None:
    assert state_after(OPENED, accepted(2), accepted(0)).next_plan is None


def test_another_plan_that_is_accepted_takes_the_place_of_the_one_before() -> None:
    assert state_after(OPENED, accepted(2), accepted(1)).next_plan == NextPlan(1, 1, CHEAP, from_epoch=8)


def test_another_plan_prices_only_what_is_used_after_it() -> None:
    # Given 10,000 tokens that cost 10 FLOW, and a plan at three times the price in force from there on
    changed = (OPENED, SETTLED, accepted(2), PlanChanged(1, 2, 1, 10 * THOUSAND))
    # When 5,000 more are charged, Then they cost 15 FLOW
    state = state_after(*changed, Settled(1, 8, 15 * THOUSAND, 15 * FLOW, 0, 75 * FLOW))
    assert (state.charged_ufix64, state.due_ufix64(15 * THOUSAND)) == (25 * FLOW, 0)


@pytest.mark.parametrize(
    ("plan_id", "most"),
    [(1, 20 * FLOW), (2, 60 * FLOW)],
    ids=["to a cheaper plan all as before", "to a dearer one all by that"],
)
def test_usage_before_a_change_counts_at_the_dearer_of_both_plans(plan_id: int, most: int) -> None:
    # Given 10,000 tokens settled, 20,000 metered since then, and another plan accepted
    state = state_after(OPENED, SETTLED, accepted(plan_id))
    # Then they may come to so much
    assert most_due_in_tokens_ufix64(state, 30 * THOUSAND, None) == most


def test_a_change_at_the_end_of_a_tier_can_be_the_dearest() -> None:
    # Given a plan that is cheap up to 2 tokens, dear up to 4 and cheap again
    state = state_after(OPENED, accepted(4))
    total = 6 * MICROTOKENS_PER_TOKEN
    ends = [bills_ufix64(state, NextPlan(4, 1, STEEP, 8), start, total) for start in (0, total)]
    # Then a change after two tokens at the first plan's price costs more than one at either end
    most = most_due_in_tokens_ufix64(state, total, None)
    assert most == 2 * FLOW // 1_000 + (2 * 3 * FLOW + 2 * FLOW // 2) // 1_000
    assert max(map(sum, ends)) < most


@given(start=st.integers(10 * THOUSAND, 30 * THOUSAND), plan_id=st.sampled_from([1, 2, 3, 4]))
def test_wherever_a_plan_comes_into_force_no_more_is_due_than_expected(start: int, plan_id: int) -> None:
    state = state_after(OPENED, SETTLED, accepted(plan_id))
    assert state.next_plan is not None
    present, following = bills_ufix64(state, state.next_plan, start, 30 * THOUSAND)
    rate = DOLLAR // 4
    most = most_due_in_tokens_ufix64(state, 30 * THOUSAND, rate)
    assert most is not None
    assert present + (following * 4 if plan_id == 3 else following) <= most + 4


def test_a_change_to_dollars_needs_a_rate_as_soon_as_there_is_usage() -> None:
    state = state_after(OPENED, SETTLED, accepted(3))
    assert state.needs_rate
    # Given nothing metered since the settlement, or 10,000 tokens
    assert most_due_in_tokens_ufix64(state, 10 * THOUSAND, None) == 0
    assert most_due_in_tokens_ufix64(state, 20 * THOUSAND, None) is None
    # Then these cost 10 FLOW now, or 10 dollars, which are 40 FLOW at 0.25 dollars each
    assert most_due_in_tokens_ufix64(state, 20 * THOUSAND, DOLLAR // 4) == 40 * FLOW


def test_what_is_settled_beyond_what_is_metered_is_not_due_again() -> None:
    state = state_after(OPENED, SETTLED, accepted(2))
    assert most_due_in_tokens_ufix64(state, 0, None) == 0
