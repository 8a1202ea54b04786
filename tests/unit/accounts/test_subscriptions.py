"""What an account sees of its subscriptions, and of nobody else's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flareflow.accounts.models import KnownStanding, Standing
from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.errors import NotFoundError
from flareflow.metering.models import Usage
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers
from flareflow.statements.events import event_text
from tests.fakes.accounts import ALICE, BOB, FakeLedger, FakeMeteredUsage, FakeStandings
from tests.fakes.settlement import FakeKnownRates
from tests.fakes.statements import event_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOKENS = 1_000_000
FLOW = 100_000_000


@pytest.fixture
def ledger() -> FakeLedger:
    ledger = FakeLedger()
    ledger.open(7, ALICE, FLOW)
    ledger.open(8, BOB, FLOW)
    return ledger


@pytest.fixture
def usage() -> FakeMeteredUsage:
    return FakeMeteredUsage()


def test_pending_usage_and_its_estimated_cost_are_what_is_not_settled(
    ledger: FakeLedger, usage: FakeMeteredUsage
) -> None:
    # Given 3,000 tokens metered, one of them unconfirmed, and 1,000 settled for 0.02 FLOW
    usage.meter(7, counted=2_000 * TOKENS, unconfirmed=1_000 * TOKENS)
    ledger.subscriptions[7] = replace(
        ledger.subscriptions[7],
        balance_ufix64=98_000_000,
        charged_ufix64=2_000_000,
        settled_microtokens=1_000 * TOKENS,
    )
    # When Alice looks
    view = ReadSubscriptions(ledger, usage, FakeKnownRates(), FakeStandings()).one(ALICE, 7)
    # Then 2,000 tokens are pending and will cost 0.04 FLOW
    assert (view.pending_microtokens, view.estimated_charge_ufix64) == (2_000 * TOKENS, 4_000_000)


def test_the_estimate_in_tokens_follows_a_plan_that_is_accepted_and_not_in_force(
    ledger: FakeLedger, usage: FakeMeteredUsage
) -> None:
    # Given 2,000 tokens metered on a plan of 0.02 FLOW for 1,000, and an accepted plan of 0.05 dollars
    usage.meter(7, counted=2_000 * TOKENS)
    following = NextPlan(2, 1, Tariff(Tiers((Tier(None, 5_000_000),)), Currency.USD, needs_rate=True), from_epoch=9)
    ledger.subscriptions[7] = replace(ledger.subscriptions[7], next_plan=following)
    # When Alice looks, at 0.25 dollars for 1 FLOW
    view = ReadSubscriptions(ledger, usage, FakeKnownRates(KnownRate(FLOW // 4, NOON)), FakeStandings()).one(ALICE, 7)
    # Then they cost 0.04 FLOW by the plan in force, and 0.10 dollars or 0.40 FLOW at most
    assert (view.estimated_bill_ufix64, view.estimated_charge_ufix64) == (4_000_000, 40_000_000)


def test_an_account_lists_its_own_subscriptions_only(ledger: FakeLedger, usage: FakeMeteredUsage) -> None:
    page = ReadSubscriptions(ledger, usage, FakeKnownRates(), FakeStandings()).all(ALICE, None)
    assert [view.subscription.subscription_id for view in page.items] == [7]


@pytest.mark.parametrize("subscription_id", [8, 404])
@pytest.mark.parametrize(
    "read",
    [
        lambda ledger, usage, number: ReadSubscriptions(ledger, usage, FakeKnownRates(), FakeStandings()).one(
            ALICE, number
        ),
        lambda ledger, usage, number: ReadJournal(ledger).run(ALICE, number, None),
        lambda ledger, usage, number: ReadUsage(ledger, usage).run(ALICE, number, 1, None),
    ],
    ids=["view", "journal", "usage"],
)
def test_a_subscription_of_somebody_else_looks_like_one_that_does_not_exist(
    ledger: FakeLedger,
    usage: FakeMeteredUsage,
    read: Callable[[FakeLedger, FakeMeteredUsage, int], object],
    subscription_id: int,
) -> None:
    with pytest.raises(NotFoundError) as refused:
        read(ledger, usage, subscription_id)
    assert refused.value.code == "subscription_not_found"


def test_what_was_settled_beyond_what_was_metered_is_nothing_pending(
    ledger: FakeLedger, usage: FakeMeteredUsage
) -> None:
    # Given 1,000 tokens settled and charged, of which none is in the live totals
    ledger.subscriptions[7] = replace(
        ledger.subscriptions[7],
        balance_ufix64=98_000_000,
        charged_ufix64=2_000_000,
        settled_microtokens=1_000 * TOKENS,
    )
    # When Alice looks
    view = ReadSubscriptions(ledger, usage, FakeKnownRates(), FakeStandings()).one(ALICE, 7)
    # Then nothing is pending and nothing will be charged
    assert (view.pending_microtokens, view.estimated_charge_ufix64) == (0, 0)


@pytest.mark.parametrize(
    ("rate", "charge"), [(KnownRate(FLOW // 4, NOON), 16_000_000), (None, None)], ids=["known", "unknown"]
)
def test_a_bill_in_dollars_is_shown_with_its_estimate_in_tokens_at_the_last_rate(
    ledger: FakeLedger, usage: FakeMeteredUsage, rate: KnownRate | None, charge: int | None
) -> None:
    # Given 2,000 tokens, which cost 0.04 dollars
    tariff = Tariff(currency=Currency.USD, needs_rate=True)
    ledger.subscriptions[7] = replace(ledger.subscriptions[7], tariff=tariff)
    usage.meter(7, counted=2_000 * TOKENS)
    # When Alice looks
    view = ReadSubscriptions(ledger, usage, FakeKnownRates(rate), FakeStandings()).one(ALICE, 7)
    # Then she sees the dollars, and the FLOW that they are at 0.25 dollars a FLOW
    assert (view.subscription.tariff.currency, view.estimated_bill_ufix64) == (Currency.USD, 4_000_000)
    assert (view.estimated_charge_ufix64, view.rate) == (charge, rate)


def test_a_bill_in_the_token_has_no_rate(ledger: FakeLedger, usage: FakeMeteredUsage) -> None:
    usage.meter(7, counted=2_000 * TOKENS)
    view = ReadSubscriptions(ledger, usage, FakeKnownRates(KnownRate(FLOW, NOON)), FakeStandings()).one(ALICE, 7)
    assert (view.estimated_bill_ufix64, view.estimated_charge_ufix64, view.rate) == (4_000_000, 4_000_000, None)


def test_the_standing_is_the_one_that_was_decided_last(ledger: FakeLedger, usage: FakeMeteredUsage) -> None:
    standings = FakeStandings()
    read = ReadSubscriptions(ledger, usage, FakeKnownRates(), standings)
    assert read.one(ALICE, 7).standing is None
    standings.replace(KnownStanding(7, Standing.WARNED, ALICE, NOON, 1))
    assert read.one(ALICE, 7).standing is Standing.WARNED


def test_the_owner_gets_of_each_call_the_text_that_leads_to_the_statement(
    ledger: FakeLedger, usage: FakeMeteredUsage
) -> None:
    event = event_of(7, Usage(prompt_tokens=10, requests=1, rated_microtokens=5), "call-1")
    usage.by_epoch[7, 1_000] = [event]
    (item,) = ReadUsage(ledger, usage).run(ALICE, 7, 1_000, None).items
    assert (item.event, item.leaf) == (event, event_text(event))
