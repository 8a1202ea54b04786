"""The backend's ledger after a life with dollars in it, read from the chain's events and compared with the contract."""

from typing import Final

import pytest

from flareflow.adapters.flow.contracts import FlowChainLog, FlowDepositToken
from flareflow.adapters.flow.json_cdc import ufix64, uint64
from flareflow.adapters.flow.rest import FlowScripts
from flareflow.settlement.chain_events import ReadChainEvents
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.pricing import Currency, Tariff
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.flow.contracts import LocalDeployer
from tests.cadence.owners import act, estimate
from tests.cadence.test_dollars import IN_DOLLARS, set_price, settle_running_epoch
from tests.fakes.settlement import FakeClock, FakeLedger
from tests.support.flow_emulator import FLOW, Chain

pytestmark = pytest.mark.stack

MILLION: Final = 10**6
DOLLAR: Final = 10**8
PLAN: Final = 1


def ledger_of(chain: Chain) -> FakeLedger:
    """The ledger after all events of the contracts, whose deployment may be older than the test."""
    ledger = FakeLedger()
    token = FlowDepositToken(FlowScripts(chain.flow.rest, chain.flow.addresses))
    log = FlowChainLog(chain.flow.rest, chain.provider.address)
    ReadChainEvents(log, token, ledger, 0, FakeClock()).run(FakeClock().deadline())
    return ledger


def test_the_ledger_agrees_with_the_contract_through_debts_forgiveness_and_changes_of_currency(chain: Chain) -> None:
    # Given a subscription in FLOW that changes to dollars after its first settlement
    chain = chain.with_own_clock()
    provider = LocalDeployer(chain.flow, chain.provider)
    add_plan(provider, PlanTerms(plan_id=PLAN, is_in_dollars=True))
    set_price(chain, DOLLAR // 4)
    account, subscription = chain.subscriber(deposit=8 * FLOW)
    act(chain, account, "change_plan", *map(uint64, (subscription, PLAN, 1)))
    settle_running_epoch(chain, (subscription, 50_000 * MILLION + 7))
    # When it uses more than its deposit covers, at an odd rate; the provider forgives a part; the owner pays the rest
    set_price(chain, 23_456_789)
    settle_running_epoch(chain, (subscription, 350_000 * MILLION + 13))
    owed = chain.subscription(subscription)["owed"]
    act(chain, chain.provider, "forgive", uint64(subscription), ufix64(owed // 3))
    set_price(chain, 24_000_001)
    chain.run(IN_DOLLARS, *chain.attested_page(7, (subscription, MILLION)))
    act(chain, account, "top_up", uint64(subscription), ufix64(40 * FLOW))
    settle_running_epoch(chain, (subscription, 400_000 * MILLION + 17))
    # And goes on in dollars, and then in FLOW again
    act(chain, account, "change_plan", *map(uint64, (subscription, 0, 1)))
    settle_running_epoch(chain, (subscription, 450_000 * MILLION + 19))
    settle_running_epoch(chain, (subscription, 460_000 * MILLION + 23))
    # Then the ledger has each amount as the contract has it, and the same bill for any later total
    ledger = ledger_of(chain)
    known, on_chain = ledger.subscriptions[subscription], chain.subscription(subscription)
    assert known.tariff.currency is Currency.TOKEN
    assert {
        "balance": known.balance_ufix64,
        "charged": known.charged_ufix64,
        "deposited": known.deposited_ufix64,
        "owed": known.owed_ufix64,
        "settledMicrotokens": known.settled_microtokens,
    } == {name: on_chain[name] for name in ("balance", "charged", "deposited", "owed", "settledMicrotokens")}
    for total in (500_000 * MILLION, 10**12 + 1, 10**14):
        assert known.due_ufix64(total) == estimate(chain, subscription, total)
    # And each charge that needed a rate says at which, and what it paid of the bill in dollars
    charges = [entry for entry in ledger.entries if entry.kind == "Settled" and entry.rate_ufix64 is not None]
    assert {entry.currency for entry in charges} == {Currency.USD}
    assert sum(entry.paid_ufix64 or 0 for entry in charges) == known.paid_dollars_ufix64


def test_the_ledger_has_the_plan_that_an_owner_has_accepted_until_the_contract_puts_it_in_force(chain: Chain) -> None:
    # Given an owner who accepts a plan in dollars
    chain = chain.with_own_clock()
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=PLAN, is_in_dollars=True))
    set_price(chain, DOLLAR // 4)
    account, subscription = chain.subscriber(deposit=8 * FLOW)
    accepted = dict(act(chain, account, "change_plan", *map(uint64, (subscription, PLAN, 1))))["PlanChangeAccepted"]
    # Then the ledger has both plans
    known = ledger_of(chain).subscriptions[subscription]
    in_dollars = Tariff(currency=Currency.USD, needs_rate=True)
    assert known.next_plan == NextPlan(PLAN, 1, in_dollars, accepted["fromEpoch"])
    assert known.tariff.currency is Currency.TOKEN
    # Until a page puts the second in force
    settle_running_epoch(chain, (subscription, 50_000 * MILLION))
    known = ledger_of(chain).subscriptions[subscription]
    assert (known.next_plan, known.tariff) == (None, in_dollars)
