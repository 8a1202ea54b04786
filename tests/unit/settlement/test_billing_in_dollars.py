"""Settling pages with plans in dollars: they wait for a rate, and nothing else does."""

from datetime import timedelta

import pytest

from flareflow.attestation.models import State
from flareflow.settlement.billing import BillingReport
from flareflow.settlement.charging import KnownRate
from flareflow.settlement.transactions import Call, SettlePage, SignedTransaction
from tests.unit.settlement.test_billing import Billing

IN_FLOW, IN_DOLLARS = 1, 2
TOO_OLD = "DollarRates: the price of FLOW is of 1764000000, more than 7200.00000000 seconds ago"


@pytest.fixture
def billing() -> Billing:
    """A proven statement with a page of a plan in the token and another of a plan in dollars."""
    billing = Billing()
    billing.settled.in_dollars.add(IN_DOLLARS)
    billing.proven_with(7, [((IN_FLOW, 1_000),), ((IN_DOLLARS, 2_000),)])
    return billing


def signed_calls(billing: Billing) -> list[Call]:
    """The calls that are signed from now on."""
    calls: list[Call] = []
    sign = billing.flow.sign

    def remember(call: Call, key_index: int) -> SignedTransaction:
        calls.append(call)
        return sign(call, key_index)

    billing.flow.sign = remember  # type: ignore[method-assign]
    return calls


def test_only_the_page_with_a_plan_in_dollars_reads_the_rate(billing: Billing) -> None:
    calls = signed_calls(billing)
    report = billing.run()
    assert {call.ids: call.reads_rate for call in calls if isinstance(call, SettlePage)} == {
        (IN_FLOW,): False,
        (IN_DOLLARS,): True,
    }
    assert report == BillingReport(statements_delivered=1, pages_settled=2)
    assert billing.state(7) is State.SETTLED


def test_a_page_with_plans_of_both_kinds_reads_the_rate(billing: Billing) -> None:
    billing.proven_with(8, [((IN_FLOW, 1_000), (IN_DOLLARS, 2_000))])
    calls = signed_calls(billing)
    billing.run()
    assert [call.reads_rate for call in calls if isinstance(call, SettlePage)] == [True]


def test_without_a_rate_only_pages_in_dollars_wait(billing: Billing) -> None:
    # Given an oracle whose price is too old
    billing.oracle.refusal = TOO_OLD
    # When billing runs
    report = billing.run()
    # Then the other page is settled, the waiting one is reported with its reason, and no transaction has failed
    assert billing.flow.executed == ["deliver#7", "settle#7#0"]
    assert report == BillingReport(statements_delivered=1, pages_settled=1, pages_waiting=1)
    assert billing.state(7) is State.CONFIRMED_ON_FLOW
    assert billing.attestations.kept[7].reasons == (f"pages in dollars wait: {TOO_OLD}",)


def test_a_node_that_runs_no_scripts_makes_only_pages_in_dollars_wait(billing: Billing) -> None:
    billing.oracle.is_down = True
    report = billing.run()
    assert report == BillingReport(statements_delivered=1, pages_settled=1, pages_waiting=1)
    assert billing.attestations.kept[7].reasons == ("pages in dollars wait: Flow gave no answer",)


def test_the_first_tick_with_a_rate_settles_what_waited(billing: Billing) -> None:
    # Given a page that waited through many ticks, beside one that was settled at the first
    billing.oracle.refusal = TOO_OLD
    for _ in range(50):
        billing.run()
        billing.settled.kept[IN_FLOW] = 1_000
    # When the oracle has a price again
    billing.oracle.refusal = None
    report = billing.run()
    # Then the next tick settles it, and the other is not sent again
    assert report == BillingReport(pages_settled=1)
    assert billing.flow.executed == ["deliver#7", "settle#7#0", "settle#7#1"]
    assert billing.state(7) is State.SETTLED


def test_pages_that_wait_are_left_to_a_newer_statement(billing: Billing) -> None:
    # Given a statement whose page in dollars waits
    billing.oracle.refusal = TOO_OLD
    billing.run()
    # When a newer statement is proven and the oracle has a price again
    billing.settled.kept[IN_FLOW] = 1_000
    billing.proven_with(8, [((IN_FLOW, 3_000),), ((IN_DOLLARS, 5_000),)])
    billing.run()
    assert (billing.state(7), billing.state(8)) == (State.SKIPPED, State.CONFIRMED_ON_FLOW)
    billing.oracle.refusal = None
    billing.run()
    # Then the newer one is settled, which has all that the older one had
    assert billing.flow.executed[2:] == ["deliver#8", "settle#8#0", "settle#8#1"]
    assert billing.state(8) is State.SETTLED


def test_each_tick_stores_the_rate_and_a_refusal_keeps_the_last_one(billing: Billing) -> None:
    # Given a rate that was read at a tick
    billing.run()
    first = billing.rates.last
    assert first is not None
    assert first.rate_ufix64 == billing.oracle.rate_ufix64
    # When the oracle gives none at the next tick, and another later
    billing.oracle.refusal = TOO_OLD
    billing.run()
    assert billing.rates.last == first
    billing.oracle = type(billing.oracle)(rate_ufix64=20_000_000)
    billing.clock.move(60)
    billing.run()
    # Then the last rate is the one that could be read, with its time
    assert billing.rates.last == KnownRate(20_000_000, billing.clock.now)
    assert billing.clock.now - first.read_at >= timedelta(seconds=60)
