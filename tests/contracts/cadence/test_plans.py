"""Plans: their tiers, their versions, and what a change of plan means for a bill."""

import pytest

from flareflow.adapters.json_cdc import array, ufix64, uint64
from flareflow.settlement.pricing import Tier, Tiers, charge_ufix64
from infra.cadence.deploy import PlanTerms, add_plan
from infra.local.contracts import LocalDeployer
from infra.local.flow_accounts import LocalAccount, TransactionFailedError
from tests.support.flow_emulator import FLOW, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
DEAR = Tiers((Tier(1_000, 5 * FLOW), Tier(None, 10 * FLOW)))


def change_plan(chain: Chain, account: LocalAccount, subscription: int, plan: int) -> None:
    chain.run("subscriptions/change_plan.cdc", uint64(subscription), uint64(plan), signer=account)


def test_a_plan_change_goes_on_from_the_total_at_the_change(chain: Chain) -> None:
    # Given a second plan and a subscription with 500 settled tokens
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    account, subscription = chain.subscriber(deposit=500 * FLOW)
    chain.settle(1, (subscription, 500 * MILLION))
    # When the owner changes to it and uses 1,500 more
    change_plan(chain, account, subscription, 1)
    chain.settle(2, (subscription, 2_000 * MILLION))
    # Then only those are charged by the new plan, in its tiers of the whole total
    expected = charge_ufix64(500 * MILLION) + charge_ufix64(2_000 * MILLION, DEAR) - charge_ufix64(500 * MILLION, DEAR)
    assert chain.subscription(subscription)["charged"] == expected
    assert chain.subscription(subscription)["planId"] == 1


def test_a_subscription_stays_on_the_version_that_its_owner_accepted(chain: Chain) -> None:
    # Given a subscription, and then a dearer version of its plan
    account, subscription = chain.subscriber()
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(version=2, tiers=DEAR))
    # Then it pays the old price until its owner accepts the new one
    chain.settle(1, (subscription, 100 * MILLION))
    state = chain.subscription(subscription)
    assert (state["planVersion"], state["charged"]) == (1, charge_ufix64(100 * MILLION))
    change_plan(chain, account, subscription, 0)
    assert chain.subscription(subscription)["planVersion"] == 2


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
        ufix64(FLOW - 1),
        signer=account,
    )
    chain.refuses(
        "UsageBasedSubscriptions.open: there is no plan 9",
        "subscriptions/open_subscription.cdc",
        uint64(9),
        ufix64(FLOW),
        signer=account,
    )


def test_the_price_is_the_same_in_python_and_cadence_at_the_extremes(chain: Chain) -> None:
    for total in (0, 1, 10**9, 10**11 - 1, 10**11, 10**12 + 7, 10**13, 2**63, 2**64 - 1):
        assert chain.script("subscriptions/get_quote.cdc", uint64(0), uint64(total)) == charge_ufix64(total)
