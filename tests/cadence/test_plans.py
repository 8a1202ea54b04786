"""Plans: their tiers, their versions, and what a change of plan means for a bill."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flareflow.adapters.flow.json_cdc import array, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.settlement.pricing import Tier, Tiers, charge_ufix64
from infra.deploy.contracts import Notices, PlanTerms, add_plan
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import FLOW, LONG_NOTICES, SETTLE, SHORT_NOTICES, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
DEAR = Tiers((Tier(1_000, 5 * FLOW), Tier(None, 10 * FLOW)))


def add_second_version(chain: Chain) -> TransactionResult:
    terms = [array(uint64, []), array(ufix64, [5 * FLOW]), ufix64(FLOW), ufix64(FLOW)]
    return chain.run("subscriptions/add_plan.cdc", uint64(0), uint64(2), *terms, signer=chain.provider)


def change_plan(chain: Chain, account: LocalAccount, subscription: int, plan: int, version: int) -> None:
    chain.run("subscriptions/change_plan.cdc", uint64(subscription), uint64(plan), uint64(version), signer=account)


def test_a_plan_change_goes_on_from_the_total_at_the_change(chain: Chain) -> None:
    # Given a second plan and a subscription with 500 settled tokens
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, subscription = chain.subscriber(deposit=500 * FLOW)
    chain.settle(1, (subscription, 500 * MILLION))
    # When the owner changes to it and uses 1,500 more
    change_plan(chain, account, subscription, 1, 1)
    chain.settle(2, (subscription, 2_000 * MILLION))
    # Then only those are charged by the new plan, in its tiers of the whole total
    expected = charge_ufix64(500 * MILLION) + charge_ufix64(2_000 * MILLION, DEAR) - charge_ufix64(500 * MILLION, DEAR)
    assert chain.subscription(subscription)["charged"] == expected
    assert chain.subscription(subscription)["planId"] == 1


def test_what_is_owed_at_a_plan_change_stays_owed(chain: Chain) -> None:
    # Given a subscription that owes half a FLOW
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, subscription = chain.subscriber(deposit=FLOW)
    chain.settle(1, (subscription, 75_000 * MILLION))
    # When the owner changes the plan and pays
    change_plan(chain, account, subscription, 1, 1)
    assert chain.subscription(subscription)["owed"] == FLOW // 2
    chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(9 * FLOW), signer=account)
    # Then the debt is charged at the old price, and the next token at the new
    assert chain.subscription(subscription)["charged"] == charge_ufix64(75_000 * MILLION)
    chain.settle(2, (subscription, 75_100 * MILLION))
    assert chain.subscription(subscription)["charged"] == charge_ufix64(75_000 * MILLION) + FLOW


def test_changing_to_and_fro_costs_nothing(chain: Chain) -> None:
    # Given a total whose price was rounded down
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, subscription = chain.subscriber()
    total = 123_456_789
    chain.settle(1, (subscription, total))
    # When the owner changes the plan twice and then uses a micro-token
    change_plan(chain, account, subscription, 1, 1)
    change_plan(chain, account, subscription, 0, 1)
    chain.settle(2, (subscription, total + 1))
    # Then the bill is the same as without
    assert chain.subscription(subscription)["charged"] == charge_ufix64(total + 1)


def test_a_version_is_not_in_force_before_its_notice_ends(chain: Chain) -> None:
    # Given a subscription, and then a dearer version of its plan
    chain = chain.deployed_again(notices=LONG_NOTICES)
    account, subscription = chain.subscriber()
    (announced,) = chain.events(add_second_version(chain))
    assert (announced[0], announced[1]["planVersion"]) == ("PlanAdded", 2)
    # Then nobody can accept it, and the first one is still in force
    chain.refuses(
        "UsageBasedSubscriptions: version 1 of plan 0 is in force, not 2",
        "subscriptions/change_plan.cdc",
        *map(uint64, (subscription, 0, 2)),
        signer=account,
    )
    chain.open(account)


def test_a_subscription_stays_on_the_version_that_its_owner_accepted(chain: Chain) -> None:
    # Given a subscription, and a dearer version of its plan whose notice has ended
    chain = chain.with_own_clock(notices=SHORT_NOTICES)
    account, subscription = chain.subscriber()
    add_second_version(chain)
    chain.wait(2)
    # Then nobody new can accept the first, and whoever is on it stays there
    chain.refuses(
        "UsageBasedSubscriptions: version 2 of plan 0 is in force, not 1",
        "subscriptions/open_subscription.cdc",
        uint64(0),
        uint64(1),
        ufix64(FLOW),
        signer=account,
    )
    chain.settle(1, (subscription, 100 * MILLION))
    state = chain.subscription(subscription)
    assert (state["planVersion"], state["charged"]) == (1, charge_ufix64(100 * MILLION))
    # Until the owner accepts the second
    change_plan(chain, account, subscription, 0, 2)
    assert chain.subscription(subscription)["planVersion"] == 2


@pytest.mark.parametrize(
    ("notices", "refusal"),
    [
        (
            Notices(trigger=120, plan=59, exit=60),
            "whoever does not want a plan needs 60.00000000 seconds to leave, not 59.00000000",
        ),
        (
            Notices(trigger=119, plan=60, exit=60),
            "the notice of triggers is 119.00000000 seconds, less than twice the 60.00000000 of an exit",
        ),
    ],
)
def test_a_notice_too_short_for_an_exit_is_refused(chain: Chain, notices: Notices, refusal: str) -> None:
    with pytest.raises(TransactionFailedError, match=f"UsageBasedSubscriptions.init: {refusal}"):
        chain.deployed_again(notices=notices)


def test_a_late_page_from_before_a_change_to_a_dearer_plan_holds_up_nothing(chain: Chain) -> None:
    # Given a subscription that changed to a dearer plan, and a page from long before that was never settled
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, changed = chain.subscriber()
    _, other = chain.subscriber()
    late = chain.attested_page(1, (changed, 1), (other, 1_000 * MILLION))
    chain.settle(2, (changed, 50_000 * MILLION))
    change_plan(chain, account, changed, 1, 1)
    # When it comes
    events = chain.events(chain.run(SETTLE, *late))
    # Then only the other subscription on it is charged
    assert [(name, fields["subscriptionId"]) for name, fields in events] == [("Settled", other)]
    assert chain.subscription(changed)["charged"] == charge_ufix64(50_000 * MILLION)


def test_subscriptions_on_different_plans_are_settled_by_one_page(chain: Chain) -> None:
    # Given four subscriptions that take turns in two plans
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, first = chain.subscriber(deposit=50 * FLOW)
    subscriptions = [first, *(chain.open(account, 50 * FLOW) for _ in range(3))]
    for subscription in subscriptions[1::2]:
        change_plan(chain, account, subscription, 1, 1)
    # When all are settled
    chain.settle(1, *((subscription, 3_000 * MILLION) for subscription in subscriptions))
    # Then each pays its own plan's price
    charged = [chain.subscription(subscription)["charged"] for subscription in subscriptions]
    assert charged == [charge_ufix64(3_000 * MILLION), charge_ufix64(3_000 * MILLION, DEAR)] * 2


def test_free_usage_is_not_charged_after_a_change_to_a_plan_that_costs(chain: Chain) -> None:
    # Given a subscription on a plan for nothing
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=Tiers((Tier(None, 0),))))
    account, subscription = chain.subscriber()
    change_plan(chain, account, subscription, 1, 1)
    chain.settle(1, (subscription, 1_000 * MILLION))
    assert chain.subscription(subscription)["settledMicrotokens"] == 1_000 * MILLION
    # When it goes on with the usual plan
    change_plan(chain, account, subscription, 0, 1)
    chain.settle(2, (subscription, 1_500 * MILLION))
    # Then it pays for what came afterwards
    assert chain.subscription(subscription)["charged"] == charge_ufix64(500 * MILLION)


def test_versions_of_a_plan_are_announced_in_order(chain: Chain) -> None:
    with pytest.raises(TransactionFailedError, match="version 2 of plan 0 comes next, not 3"):
        add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(version=3))


@pytest.mark.parametrize(
    ("ends", "prices", "message"),
    [
        ([], [10 * FLOW + 1], "a price is at most 10.00000000, not 10.00000001"),
        ([5, 5], [1, 1, 1], "the tiers' ends rise, and only the last has none"),
        ([5, 4], [1, 1, 1], "the tiers' ends rise, and only the last has none"),
        ([0], [1, 1], "the tiers' ends rise, and only the last has none"),
        (list(range(1, 17)), [1] * 17, "a plan has 1 to 16 tiers, not 17"),
        ([1], [1], "1 ends want one price more, not 1"),
    ],
)
def test_an_unsound_plan_is_refused(chain: Chain, ends: list[int], prices: list[int], message: str) -> None:
    chain.refuses(
        message,
        "subscriptions/add_plan.cdc",
        uint64(1),
        uint64(1),
        array(uint64, ends),
        array(ufix64, prices),
        ufix64(0),
        ufix64(0),
        signer=chain.provider,
    )


def test_a_deposit_below_the_plans_minimum_is_refused(chain: Chain) -> None:
    account = chain.flow.create_account(100 * FLOW)
    chain.refuses(
        "UsageBasedSubscriptions.open: plan 0 wants a deposit of 1.00000000 or more, not 0.99999999",
        "subscriptions/open_subscription.cdc",
        uint64(0),
        uint64(1),
        ufix64(FLOW - 1),
        signer=account,
    )
    chain.refuses(
        "UsageBasedSubscriptions: there is no plan 9",
        "subscriptions/open_subscription.cdc",
        uint64(9),
        uint64(1),
        ufix64(FLOW),
        signer=account,
    )


QUOTE_ALL = """
    import "UsageBasedSubscriptions"
    access(all) fun main(planId: UInt64, totals: [UInt64]): [UFix64] {
        return totals.map(view fun (total: UInt64): UFix64 {
            return UsageBasedSubscriptions.quote(planId: planId, ratedMicrotokens: total)
        })
    }
"""


@st.composite
def any_tiers(draw: st.DrawFn) -> Tiers:
    ends = sorted(draw(st.sets(st.integers(1, 2**64 // MILLION - 1), max_size=15)))
    prices = draw(st.lists(st.integers(0, 10 * FLOW), min_size=len(ends) + 1, max_size=len(ends) + 1))
    return Tiers(tuple(map(Tier, [*ends, None], prices)))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(tiers=any_tiers(), totals=st.lists(st.integers(0, 2**64 - 1), min_size=50, max_size=200))
def test_any_total_on_any_plan_costs_the_same_in_python_and_cadence(
    emulator: Chain, tiers: Tiers, totals: list[int]
) -> None:
    # Given any plan, and any totals beside those where its tiers meet
    edges = [tier.end_tokens * MILLION + step for tier in tiers.tiers if tier.end_tokens for step in (-1, 0, 1)]
    asked = [*totals, *edges]
    with emulator.rolled_back() as chain:
        add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=tiers))
        # When the contract is asked for their prices
        quoted = chain.evaluate(QUOTE_ALL, uint64(1), array(uint64, asked))
    # Then they are the backend's
    assert quoted == [charge_ufix64(total, tiers) for total in asked]


def test_the_price_is_the_same_in_python_and_cadence_at_the_extremes(chain: Chain) -> None:
    for total in (0, 1, 10**9, 10**11 - 1, 10**11, 10**12 + 7, 10**13, 2**63, 2**64 - 1):
        assert chain.script("subscriptions/get_quote.cdc", uint64(0), uint64(total)) == charge_ufix64(total)
