"""A subscription on a plan in dollars on the whole local stack: every system tells its charges to the last unit."""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from rich.console import Console

from flareflow.adapters.flow.json_cdc import string, ufix64, uint64
from flareflow.settlement.charging import charge_of
from flareflow.settlement.pricing import charge_ufix64
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.demo import job
from infra.local.demo.progress import Steps
from infra.local.demo.run import DEPOSIT_UFIX64, Customer, Stack
from infra.local.flow.accounts import service_account
from infra.local.flow.contracts import LocalDeployer
from infra.local.launch import Facts
from infra.waiting import until
from tests.support.dollars import SET_PRICE

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PLAN: Final = 1
RATE_UFIX64: Final = 23_456_789
"""Dollars for one FLOW, with digits that leave something to be rounded."""


@dataclass(frozen=True)
class Settled:
    """What was told of a subscription on a plan in dollars after all that it used was settled."""

    subscription_id: int
    rated_microtokens: int
    on_flow: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    subscription: dict[str, Any]
    journal: list[dict[str, Any]]


@pytest.fixture(scope="module")
def settled(running: Facts) -> Iterator[Settled]:
    """A new customer makes the calls of the demo on a plan with the default prices in dollars."""
    quiet = Steps(Console(file=io.StringIO()))
    with Stack.of(running) as stack:
        provider = LocalDeployer(stack.flow, service_account())
        add_plan(provider, PlanTerms(plan_id=PLAN, is_in_dollars=True))
        price = string("FLOW"), ufix64(RATE_UFIX64), uint64(int(time.time()))
        stack.flow.run_code(service_account(), SET_PRICE, *price)
        with job.become_customer(stack, quiet, PLAN) as customer:
            until(lambda: customer.api.get("/v1/plans")["rate"], job.WAIT_SECONDS_MAX)
            run = job.use_until_settled(stack, quiet, customer)
            yield _told(stack, customer, run.usage.rows.rated_microtokens)


def _told(stack: Stack, customer: Customer, rated_microtokens: int) -> Settled:
    number = customer.subscription_id
    of_chain = stack.on_flow.events("SubscriptionAccounts.Settled", stack.first_height)
    path = f"/v1/subscriptions/{number}"
    return Settled(
        number,
        rated_microtokens,
        stack.on_flow.subscription(number),
        [(transaction, fields) for transaction, fields in of_chain if fields["subscriptionId"] == number],
        customer.api.get(path),
        customer.api.get(f"{path}/journal")["items"],
    )


def test_the_bill_in_dollars_is_charged_in_flow_at_the_rate_of_the_oracle(settled: Settled) -> None:
    # Given the charges in the order in which they happened
    rates = {fields["rate"] for _, fields in settled.events}
    # When each is computed from the bill and the rate
    paid, expected = 0, []
    for _, fields in settled.events:
        due = charge_ufix64(int(fields["ratedMicrotokens"])) - paid
        expected.append(charge_of(due, DEPOSIT_UFIX64, RATE_UFIX64).charged_ufix64)
        paid += due
    # Then the chain has charged exactly that, and nothing is owed
    assert rates == {RATE_UFIX64}
    assert [fields["charged"] for _, fields in settled.events] == expected
    assert settled.on_flow["charged"] == sum(expected) > 0
    assert (settled.on_flow["owed"], settled.on_flow["settledMicrotokens"]) == (0, settled.rated_microtokens)


def test_the_journal_tells_each_charge_as_the_chain_does(settled: Settled) -> None:
    # Given the entries of charges, oldest first
    entries = [entry for entry in reversed(settled.journal) if entry["kind"] == "Settled"]
    # Then each is the event: transaction, tokens and rate; and together they pay the bill in dollars
    assert [(entry["transaction_id"], entry["rate_ufix64"], entry["lines"]) for entry in entries] == [
        (transaction, str(fields["rate"]), _lines(settled.subscription_id, int(fields["charged"])))
        for transaction, fields in settled.events
    ]
    assert {entry["currency"] for entry in entries} == {"USD"}
    assert sum(int(entry["paid_ufix64"]) for entry in entries) == charge_ufix64(settled.rated_microtokens)


def _lines(subscription_id: int, charged_ufix64: int) -> list[dict[str, str]]:
    return [
        {"account": f"subscriber:{subscription_id}", "amount_ufix64": str(-charged_ufix64)},
        {"account": "revenue", "amount_ufix64": str(charged_ufix64)},
    ]


def test_the_account_api_tells_the_same_as_the_contract(settled: Settled) -> None:
    view, on_flow = settled.subscription, settled.on_flow
    told = {name: int(view["subscription"][f"{name}_ufix64"]) for name in ("balance", "deposited", "charged", "owed")}
    assert told == {name: on_flow[name] for name in told}
    assert told["balance"] + told["charged"] == DEPOSIT_UFIX64
    assert view["subscription"]["tariff"]["currency"] == "USD"
    assert view["subscription"]["paid_dollars_ufix64"] == str(charge_ufix64(settled.rated_microtokens))
    assert (view["estimated_bill_ufix64"], view["estimated_charge_ufix64"]) == ("0", "0")
    assert view["rate"]["rate_ufix64"] == str(RATE_UFIX64)
