"""What a subscription may do now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.accounts.models import Standing
from flareflow.accounts.standing import LEDGER_AGE_MAX, RATE_GRACE, Decision, Facts, decide
from flareflow.metering.models import LiveTotals, Usage
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.positions import Position, Waiting
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers
from flareflow.settlement.spend_caps import SpendCap
from flareflow.settlement.subscription import Subscription, SubscriptionStatus

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FLOW = 10**8
TOKENS = 10**6
OPEN = Subscription(7, "0x1", 1, 1, Position(1, 0, 0), balance_ufix64=FLOW, deposited_ufix64=FLOW)
"""A deposit of 1 FLOW, which pays for 50,000 tokens."""
DOLLARS = Tariff(currency=Currency.USD, needs_rate=True)


def facts(subscription: Subscription = OPEN, tokens: int = 0, **changes: object) -> Facts:
    live = LiveTotals(counted=Usage(rated_microtokens=tokens * TOKENS))
    return replace(Facts(subscription, live, FLOW // 10, None, NOON), **changes)  # type: ignore[arg-type]


def standing(given: Facts, now: datetime = NOON) -> Standing:
    return decide(given, now).standing


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [
        (45_000, Standing.ACTIVE),
        (45_001, Standing.WARNED),
        (49_999, Standing.WARNED),
        (50_000, Standing.OVERDRAWN),
        (60_000, Standing.OVERDRAWN),
    ],
)
def test_a_deposit_is_enough_then_low_then_used_up(tokens: int, wanted: Standing) -> None:
    assert standing(facts(tokens=tokens)) is wanted


@pytest.mark.parametrize("status", [SubscriptionStatus.EXITING, SubscriptionStatus.CLOSED])
def test_an_announced_end_is_exiting_whatever_is_left(status: SubscriptionStatus) -> None:
    assert standing(facts(replace(OPEN, status=status))) is Standing.EXITING


def test_what_the_chain_has_suspended_is_overdrawn() -> None:
    assert standing(facts(replace(OPEN, status=SubscriptionStatus.SUSPENDED))) is Standing.OVERDRAWN


@pytest.mark.parametrize(("tokens", "wanted"), [(24_999, Standing.WARNED), (25_000, Standing.CAPPED)])
def test_a_cap_that_is_used_up_while_the_deposit_is_not_is_capped(tokens: int, wanted: Standing) -> None:
    capped = replace(OPEN, spend_cap=SpendCap(FLOW // 2, NOON + DAY, 0))
    assert standing(facts(capped, tokens)) is wanted


def test_usage_beyond_cap_and_deposit_is_overdrawn() -> None:
    capped = replace(OPEN, spend_cap=SpendCap(FLOW // 2, NOON + DAY, 0))
    assert standing(facts(capped, 50_000)) is Standing.OVERDRAWN


def test_the_next_period_of_a_cap_opens_what_the_last_one_held_back() -> None:
    # Given half a FLOW charged, a tenth owed and the cap used up until tomorrow
    held = replace(
        OPEN,
        status=SubscriptionStatus.SUSPENDED,
        balance_ufix64=FLOW // 2,
        charged_ufix64=FLOW // 2,
        owed_ufix64=FLOW // 10,
        spend_cap=SpendCap(FLOW // 2, NOON + DAY, 0),
    )
    used = facts(held, 30_000, ledger_complete_at=NOON + DAY)
    assert standing(used, NOON + DAY - SECOND) is Standing.CAPPED
    # When the period has ended, Then what is owed and what is left of the next cap decide
    assert standing(used, NOON + DAY) is Standing.ACTIVE
    assert decide(used, NOON + DAY).left_microtokens == 20_000 * TOKENS


@pytest.mark.parametrize(
    ("age", "wanted"), [(LEDGER_AGE_MAX, Standing.ACTIVE), (LEDGER_AGE_MAX + SECOND, Standing.UNKNOWN)]
)
def test_a_ledger_that_is_too_old_tells_nothing(age: timedelta, wanted: Standing) -> None:
    decision = decide(facts(), NOON + age)
    assert decision.standing is wanted
    assert decision.known_until == (NOON if wanted is Standing.UNKNOWN else None)


def test_a_subscription_that_waits_for_an_event_is_unknown_since_that_event() -> None:
    decision = decide(facts(replace(OPEN, waits_for=Waiting(Position(9, 0, 0), NOON - SECOND))), NOON)
    assert (decision.standing, decision.known_until) == (Standing.UNKNOWN, NOON - SECOND)


def test_a_ledger_that_was_never_complete_tells_nothing() -> None:
    assert standing(facts(ledger_complete_at=None)) is Standing.UNKNOWN


@pytest.mark.parametrize(("age", "wanted"), [(RATE_GRACE, Standing.ACTIVE), (RATE_GRACE + SECOND, Standing.UNKNOWN)])
def test_a_bill_in_dollars_needs_a_rate(age: timedelta, wanted: Standing) -> None:
    used = facts(replace(OPEN, tariff=DOLLARS), 1, rate=KnownRate(FLOW, NOON - age))
    assert standing(used) is wanted


def test_a_bill_in_dollars_is_valued_at_three_quarters_of_the_rate() -> None:
    decision = decide(facts(replace(OPEN, tariff=DOLLARS), rate=KnownRate(FLOW, NOON)), NOON)
    assert decision.left_microtokens == 37_500 * TOKENS


def test_without_a_rate_nothing_more_can_be_paid_in_dollars() -> None:
    decision = decide(facts(replace(OPEN, tariff=DOLLARS)), NOON)
    assert decision.standing is Standing.ACTIVE
    assert decision.left_microtokens < TOKENS // 1_000


def test_what_is_left_crosses_tiers() -> None:
    # Given 90,000 tokens used and paid of 2.3 FLOW, and tiers of 100,000 tokens at 0.02, then 0.015
    paid = 9 * FLOW // 5
    rest = replace(OPEN, balance_ufix64=FLOW // 2, deposited_ufix64=paid + FLOW // 2, charged_ufix64=paid)
    decision = decide(facts(rest, 90_000), NOON)
    # Then 0.2 FLOW pay for 10,000 and 0.3 for 20,000
    assert decision.left_microtokens == 30_000 * TOKENS


def test_a_plan_without_prices_is_never_used_up() -> None:
    free = replace(OPEN, tariff=Tariff(Tiers((Tier(None, 0),))))
    assert decide(facts(free), NOON).left_microtokens > 10**18


@given(
    balance=st.integers(1, 10**12),
    used=st.integers(0, 10**14),
    cost_offset=st.integers(-(10**24), 10**24),
)
def test_what_is_left_can_be_paid_and_a_unit_more_cannot(balance: int, used: int, cost_offset: int) -> None:
    subscription = replace(OPEN, balance_ufix64=balance, deposited_ufix64=balance, cost_offset=cost_offset)
    decision: Decision = decide(facts(subscription, live=LiveTotals(Usage(rated_microtokens=used))), NOON)
    left = decision.left_microtokens
    assert decision.standing.allows_calls == (subscription.due_ufix64(used) < balance)
    if decision.standing.allows_calls:
        assert subscription.due_ufix64(used + left) <= balance <= subscription.due_ufix64(used + left + 1)


@pytest.mark.parametrize(("price", "wanted"), [(4_000_000, Standing.OVERDRAWN), (1_000_000, Standing.ACTIVE)])
def test_a_plan_that_the_owner_has_accepted_counts_before_it_is_in_force(price: int, wanted: Standing) -> None:
    # Given usage for half of the deposit, at 0.02 FLOW for 1,000 tokens, and another plan that is accepted
    following = NextPlan(2, 1, Tariff(Tiers((Tier(None, price),))), from_epoch=9)
    changing = facts(replace(OPEN, next_plan=following), tokens=25_000)
    # Then what the usage may come to at most decides, and what is left is counted at the dearer price
    assert standing(changing) is wanted
    assert decide(changing, NOON).left_microtokens == (0 if wanted is Standing.OVERDRAWN else 25_000 * TOKENS)


def test_a_plan_in_dollars_that_is_accepted_needs_a_rate() -> None:
    changing = replace(OPEN, next_plan=NextPlan(2, 1, DOLLARS, from_epoch=9))
    assert standing(facts(changing, tokens=1)) is Standing.UNKNOWN
    assert standing(facts(changing, tokens=1, rate=KnownRate(FLOW, NOON))) is Standing.ACTIVE
