"""What an account sees of its subscriptions, and of nobody else's."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from flareflow.accounts.subscriptions import ReadJournal, ReadSubscriptions, ReadUsage
from flareflow.errors import NotFoundError
from flareflow.settlement.pricing import charge_ufix64
from tests.fakes.accounts import ALICE, BOB, FakeLedger, FakeMeteredUsage

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
    view = ReadSubscriptions(ledger, usage, charge_ufix64).one(ALICE, 7)
    # Then 2,000 tokens are pending and will cost 0.04 FLOW
    assert (view.pending_microtokens, view.estimated_charge_ufix64) == (2_000 * TOKENS, 4_000_000)


def test_an_account_lists_its_own_subscriptions_only(ledger: FakeLedger, usage: FakeMeteredUsage) -> None:
    page = ReadSubscriptions(ledger, usage, charge_ufix64).all(ALICE, None)
    assert [view.subscription.subscription_id for view in page.items] == [7]


@pytest.mark.parametrize("subscription_id", [8, 404])
@pytest.mark.parametrize(
    "read",
    [
        lambda ledger, usage, number: ReadSubscriptions(ledger, usage, charge_ufix64).one(ALICE, number),
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
    view = ReadSubscriptions(ledger, usage, charge_ufix64).one(ALICE, 7)
    # Then nothing is pending and nothing will be charged
    assert (view.pending_microtokens, view.estimated_charge_ufix64) == (0, 0)
