"""Plans in dollars: what a settlement adds is turned into FLOW at the price of that moment."""

import pytest

from flareflow.adapters.flow.json_cdc import string, ufix64, uint64
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.flow.accounts import service_account
from infra.local.flow.contracts import LocalDeployer
from tests.support.dollars import SET_PRICE
from tests.support.flow_emulator import EPOCH_SECONDS, FLOW, SETTLE, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
HOUR = 3_600
DOLLAR = 10**8
IN_DOLLARS = "subscriptions/settle_page_in_dollars.cdc"


@pytest.fixture
def dollars(chain: Chain) -> Chain:
    """A deployment with its own clock, the default prices in dollars as plan 1, and FLOW at 0.25 dollars."""
    clocked = chain.with_own_clock()
    add_plan(LocalDeployer(clocked.flow, clocked.provider), PlanTerms(plan_id=1, is_in_dollars=True))
    set_price(clocked, DOLLAR // 4)
    return clocked


def seconds_now(chain: Chain) -> int:
    assert chain.clock is not None
    return chain.clock.seconds()


def set_price(chain: Chain, dollars: int, age: int = 0) -> None:
    arguments = string("FLOW"), ufix64(dollars), uint64(seconds_now(chain) - age)
    chain.flow.run_code(service_account(), SET_PRICE, *arguments)


def settle_running_epoch(chain: Chain, *entries: tuple[int, int]) -> None:
    """Let the running epoch end, and settle its page at the present price."""
    epoch = chain.epoch_now()
    chain.wait(EPOCH_SECONDS)
    chain.run(IN_DOLLARS, *chain.attested_page(epoch, *entries))


def test_a_bill_in_dollars_is_charged_at_the_price_of_that_moment(dollars: Chain) -> None:
    # Given usage for one dollar at 0.25 dollars a FLOW
    _, subscription = dollars.subscriber(deposit=20 * FLOW, plan=1)
    first = dollars.events(dollars.run(IN_DOLLARS, *dollars.attested_page(7, (subscription, 50_000 * MILLION))))
    # When FLOW falls to 0.2 dollars and another dollar is used
    set_price(dollars, DOLLAR // 5)
    second = dollars.events(dollars.run(IN_DOLLARS, *dollars.attested_page(8, (subscription, 100_000 * MILLION))))
    # Then each dollar cost what FLOW was worth, and the events carry the rate
    charges = [(fields["charged"], fields["rate"]) for name, fields in (*first, *second) if name == "Settled"]
    assert charges == [(4 * FLOW, DOLLAR // 4), (5 * FLOW, DOLLAR // 5)]
    assert dollars.subscription(subscription)["balance"] == 11 * FLOW


def test_a_debt_stays_in_dollars(dollars: Chain) -> None:
    # Given a deposit of 2 FLOW, worth half a dollar, and usage for one dollar
    account, subscription = dollars.subscriber(deposit=2 * FLOW, plan=1)
    page = dollars.attested_page(7, (subscription, 50_000 * MILLION))
    dollars.run(IN_DOLLARS, *page)
    state = dollars.subscription(subscription)
    assert (state["charged"], state["owed"]) == (2 * FLOW, DOLLAR // 2 - 1)  # rounding is the owner's
    # When FLOW rises to 0.3 dollars before the owner pays
    set_price(dollars, DOLLAR * 3 // 10)
    dollars.run(IN_DOLLARS, *dollars.attested_page(8, (subscription, 50_000 * MILLION)))
    dollars.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(5 * FLOW), signer=account)
    # Then the debt costs fewer FLOW
    state = dollars.subscription(subscription)
    assert (state["charged"], state["owed"]) == (2 * FLOW + (DOLLAR // 2 - 1) * FLOW // (DOLLAR * 3 // 10), 0)


def test_pages_in_dollars_wait_for_a_rate_and_others_go_on(dollars: Chain) -> None:
    _, in_dollars = dollars.subscriber(plan=1)
    _, in_flow = dollars.subscriber()
    mixed = dollars.attested_page(7, (in_dollars, 50_000 * MILLION), (in_flow, 50_000 * MILLION))
    dollars.refuses("has a plan in dollars, whose rate must be read before in this transaction", SETTLE, *mixed)
    dollars.settle(8, (in_flow, 50_000 * MILLION))
    assert dollars.subscription(in_flow)["charged"] == FLOW
    dollars.run(IN_DOLLARS, *mixed)
    assert dollars.subscription(in_dollars)["charged"] == 4 * FLOW


@pytest.mark.parametrize(
    ("price", "age", "refusal"),
    [
        (DOLLAR // 4, 2 * HOUR + 1, "DollarRates: the price of FLOW is of"),
        (0, 0, "DollarRates: the price of FLOW is 0"),
        (DOLLAR * 5 // 16 + 1, 0, "DollarRates: the price of FLOW went from 0.25000000 to 0.31250001"),
        (DOLLAR * 3 // 16 - 1, 0, "DollarRates: the price of FLOW went from 0.25000000 to 0.18749999"),
    ],
    ids=["too old", "nothing", "too high", "too low"],
)
def test_a_price_out_of_bounds_is_refused(dollars: Chain, price: int, age: int, refusal: str) -> None:
    # Given a rate of 0.25 that was used before
    _, subscription = dollars.subscriber(plan=1)
    dollars.run(IN_DOLLARS, *dollars.attested_page(7, (subscription, MILLION)))
    page = dollars.attested_page(8, (subscription, 2 * MILLION))
    # When the next price is out of bounds, the page waits
    set_price(dollars, price, age)
    dollars.refuses(refusal, IN_DOLLARS, *page)
    # And it goes on at the bound
    bound = {0: DOLLAR // 4, DOLLAR // 4: DOLLAR // 4}.get(price, price - 1 if price > DOLLAR // 4 else price + 1)
    set_price(dollars, bound, min(age, 2 * HOUR))
    dollars.run(IN_DOLLARS, *page)


def test_a_price_that_really_jumped_is_followed_after_hours(dollars: Chain) -> None:
    _, subscription = dollars.subscriber(plan=1)
    dollars.run(IN_DOLLARS, *dollars.attested_page(7, (subscription, MILLION)))
    page = dollars.attested_page(8, (subscription, 2 * MILLION))
    dollars.wait(3 * HOUR)
    set_price(dollars, DOLLAR // 2 + 1)
    dollars.refuses("DollarRates: the price of FLOW went from", IN_DOLLARS, *page)
    set_price(dollars, DOLLAR // 2)
    dollars.run(IN_DOLLARS, *page)


def test_an_owner_leaves_with_a_debt_in_dollars_at_the_last_rate(dollars: Chain) -> None:
    # Given a debt of one dollar that a cap holds back
    account, subscription = dollars.subscriber(plan=1)
    dollars.run("subscriptions/set_epoch_limit.cdc", uint64(subscription), ufix64(0), signer=account)
    dollars.run(IN_DOLLARS, *dollars.attested_page(7, (subscription, 50_000 * MILLION)))
    # When the oracle has been silent for a year and the owner leaves
    dollars.wait(365 * 24 * HOUR)
    dollars.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    dollars.run("subscriptions/close_subscription.cdc", uint64(subscription), signer=account)
    # Then the debt is paid at the last rate, and the rest comes back
    state = dollars.subscription(subscription)
    assert (state["charged"], state["refunded"]) == (4 * FLOW, 6 * FLOW)


def test_a_change_of_currency_bills_each_token_once(dollars: Chain) -> None:
    # Given usage for 1 FLOW on a plan in FLOW, whose owner then changes to the same prices in dollars
    account, subscription = dollars.subscriber(deposit=30 * FLOW)
    change = "subscriptions/change_plan.cdc"
    dollars.run(change, *map(uint64, (subscription, 1, 1)), signer=account)
    settle_running_epoch(dollars, (subscription, 50_000 * MILLION))
    state = dollars.subscription(subscription)
    assert (state["charged"], state["isInDollars"]) == (FLOW, True)
    # When another dollar is used, at 0.25 dollars a FLOW, then it costs 4 FLOW more
    settle_running_epoch(dollars, (subscription, 100_000 * MILLION))
    assert dollars.subscription(subscription)["charged"] == 5 * FLOW
    # And after a change back, what was used before it costs 0.75 dollars, and what comes later 0.75 FLOW
    dollars.run(change, *map(uint64, (subscription, 0, 1)), signer=account)
    settle_running_epoch(dollars, (subscription, 150_000 * MILLION))
    assert dollars.subscription(subscription)["charged"] == 8 * FLOW
    settle_running_epoch(dollars, (subscription, 200_000 * MILLION))
    state = dollars.subscription(subscription)
    assert (state["charged"], state["isInDollars"], state["owed"]) == (8 * FLOW + FLOW * 3 // 4, False, 0)
