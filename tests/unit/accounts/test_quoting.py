"""What calls would cost, in rated tokens and in money."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flareflow.accounts.quoting import PlannedCall, Quote, QuoteCalls
from flareflow.errors import InvalidRequestError
from flareflow.metering.calls import Tokens, Units
from flareflow.metering.price_book import Price, PriceBook, Used
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers, exact_cost
from tests.fakes.accounts import FakeClock
from tests.fakes.metering import FakePriceBooks
from tests.fakes.settlement import FakeKnownRates, FakePlans

NOW = FakeClock.now
BOOK = PriceBook(
    version=1,
    title="",
    models={"gpt-4o": Price(prompt=1_500_000, completion=3_000_000), "whisper": Price(second=1_000_000)},
    default=Price(prompt=5_000_000, completion=5_000_000),
)
TIERS = Tiers((Tier(1_000, 2_000_000), Tier(None, 1_000_000)))
IN_TOKENS = PlanVersion(1, 1, Tariff(TIERS), 10**8, 0, NOW - timedelta(days=1))
IN_DOLLARS = replace(IN_TOKENS, plan_id=2, tariff=Tariff(TIERS, Currency.USD, needs_rate=True))
QUARTER = KnownRate(25_000_000, NOW)


def quote(call: PlannedCall, *plans: PlanVersion, rate: KnownRate | None = QUARTER, after: int = 0) -> Quote:
    use_case = QuoteCalls(FakePriceBooks({0: BOOK}), FakePlans(list(plans)), FakeKnownRates(rate), "FLOW", FakeClock())
    return use_case.run([call], after)


def call(model: str = "gpt-4o", tokens: Tokens = Tokens(prompt=100, completion=50)) -> PlannedCall:  # noqa: B008
    return PlannedCall(model, None, Used(tokens))


def test_a_call_is_rated_by_the_newest_book() -> None:
    [quoted] = quote(call()).calls
    assert (quoted.is_named, quoted.rated_microtokens) == (True, 300_000_000)


def test_a_model_that_the_book_does_not_name_is_rated_by_its_default() -> None:
    [quoted] = quote(call("unheard-of")).calls
    assert (quoted.is_named, quoted.rated_microtokens) == (False, 750_000_000)


def test_a_call_costs_the_price_of_its_tier_in_tokens_and_at_the_rate_in_dollars() -> None:
    # Given 300 rated tokens at 0.02 for 1,000, and a token of a quarter dollar
    [quoted] = quote(call(), IN_TOKENS, IN_DOLLARS).calls
    # Then they cost 0.006 tokens, or 0.006 dollars
    by_plan = {one.plan_id: (one.in_tokens, one.in_dollars) for one in quoted.costs}
    assert by_plan == {1: (6 * 10**14, 15 * 10**13), 2: (24 * 10**14, 6 * 10**14)}


def test_a_call_across_tiers_costs_what_the_totals_differ_by() -> None:
    # Given 900 tokens that were used before, of the 1,000 in the first tier
    before, after = 900_000_000, 1_200_000_000
    [quoted] = quote(call(), IN_TOKENS, after=before).calls
    assert quoted.costs[0].in_tokens == exact_cost(after, TIERS) - exact_cost(before, TIERS) == 4 * 10**14


def test_what_needs_a_rate_is_not_told_without_one() -> None:
    [quoted] = quote(call(), IN_TOKENS, IN_DOLLARS, rate=None).calls
    assert [(one.in_tokens is None, one.in_dollars is None) for one in quoted.costs] == [(False, True), (True, False)]


def test_only_the_newest_version_of_plans_that_can_be_accepted_now_is_quoted() -> None:
    plans = (
        IN_TOKENS,
        replace(IN_TOKENS, plan_version=2),
        replace(IN_TOKENS, plan_version=3, effective_at=datetime(2027, 1, 1, tzinfo=UTC)),
        replace(IN_TOKENS, plan_id=3, is_retired=True),
    )
    [quoted] = quote(call(), *plans).calls
    assert [(one.plan_id, one.plan_version) for one in quoted.costs] == [(1, 2)]


def test_what_has_no_price_cannot_be_quoted() -> None:
    with pytest.raises(InvalidRequestError, match="whisper"):
        quote(call("whisper"))
    [quoted] = quote(PlannedCall("whisper", None, Used(units=Units(milliseconds=2_500)))).calls
    assert quoted.rated_microtokens == 2_500_000
