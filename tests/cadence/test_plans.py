"""Plans: their tiers, their versions, and what a change of plan means for a bill."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flareflow.adapters.flow.json_cdc import Argument, array, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.settlement.pricing import Tier, Tiers, charge_ufix64
from infra.deploy.contracts import Notices, PlanTerms, add_plan
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount
from infra.local.flow.contracts import LocalDeployer
from tests.cadence.owners import estimate
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import EPOCH_SECONDS, FLOW, LONG_NOTICES, SETTLE, SHORT_NOTICES, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6
DEAR = Tiers((Tier(1_000, 5 * FLOW), Tier(None, 10 * FLOW)))


def add_second_version(chain: Chain) -> TransactionResult:
    terms = [Argument("Bool", False), array(uint64, []), array(ufix64, [5 * FLOW]), ufix64(FLOW), ufix64(FLOW)]
    return chain.run("subscriptions/add_plan.cdc", uint64(0), uint64(2), *terms, signer=chain.provider)


def change_plan(chain: Chain, account: LocalAccount, subscription: int, plan: int, version: int) -> TransactionResult:
    return chain.run(
        "subscriptions/change_plan.cdc", uint64(subscription), uint64(plan), uint64(version), signer=account
    )


@pytest.fixture
def two_plans(chain: Chain) -> Chain:
    """A deployment with its own clock and, beside the default, plan 1 with `DEAR` prices."""
    clocked = chain.with_own_clock()
    add_plan(LocalDeployer(clocked.flow, clocked.provider), PlanTerms(plan_id=1, tiers=DEAR))
    return clocked


def settle_next(chain: Chain, *entries: tuple[int, int]) -> TransactionResult:
    """Let the running epoch end, and settle its page."""
    epoch = chain.epoch_now()
    chain.wait(EPOCH_SECONDS)
    return chain.settle(epoch, *entries)


def test_a_plan_change_counts_from_the_first_epoch_sealed_after_it(two_plans: Chain) -> None:
    # Given a subscription that has used 500 tokens, of which the page is not settled yet
    account, subscription = two_plans.subscriber(deposit=500 * FLOW)
    before = two_plans.attested_page(two_plans.epoch_now() - 1, (subscription, 500 * MILLION))
    # When the owner changes to a dearer plan, and then the page comes and that of the epoch of the change
    events = two_plans.events(change_plan(two_plans, account, subscription, 1, 1))
    assert events == [
        (
            "PlanChangeAccepted",
            {"subscriptionId": subscription, "planId": 1, "planVersion": 1, "fromEpoch": two_plans.epoch_now()},
        )
    ]
    two_plans.run(SETTLE, *before)
    began = two_plans.events(settle_next(two_plans, (subscription, 600 * MILLION)))
    # Then both are billed by the old plan, and the new one is in force from there
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(600 * MILLION)
    dearer = charge_ufix64(700 * MILLION, DEAR) - charge_ufix64(600 * MILLION, DEAR)
    assert estimate(two_plans, subscription, 700 * MILLION) == dearer
    assert [name for name, _ in began] == ["Settled", "PlanChanged"]
    assert began[1][1]["fromMicrotokens"] == 600 * MILLION
    assert two_plans.subscription(subscription)["planId"] == 1
    # And later tokens are billed by the new plan, in its tiers of the whole total
    for total in (1_500 * MILLION, 2_000 * MILLION):
        settle_next(two_plans, (subscription, total))
        added = charge_ufix64(total, DEAR) - charge_ufix64(600 * MILLION, DEAR)
        assert two_plans.subscription(subscription)["charged"] == charge_ufix64(600 * MILLION) + added
    # And a total that falls below what the plans cost together charges nothing and fails no page
    assert two_plans.events(settle_next(two_plans, (subscription, 1))) == []


def test_usage_before_a_change_to_a_cheaper_plan_is_not_made_cheaper(two_plans: Chain) -> None:
    # Given usage of 100 tokens on the dear plan that is not settled yet
    account, subscription = two_plans.subscriber(deposit=50 * FLOW, plan=1)
    # When the owner changes to the cheap plan and the page comes late, with others skipped
    change_plan(two_plans, account, subscription, 0, 1)
    two_plans.wait(10 * EPOCH_SECONDS)
    settle_next(two_plans, (subscription, 100 * MILLION))
    # Then the dear price is paid for what was used
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(100 * MILLION, DEAR)
    settle_next(two_plans, (subscription, 200 * MILLION))
    cheap = charge_ufix64(200 * MILLION) - charge_ufix64(100 * MILLION)
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(100 * MILLION, DEAR) + cheap


def test_a_plan_change_needs_the_minimum_deposit_of_the_new_plan(two_plans: Chain) -> None:
    account, subscription = two_plans.subscriber(deposit=FLOW)
    two_plans.settle(1, (subscription, 1 * MILLION))
    chain_refusal = "SubscriptionPlans: plan 1 needs a deposit of 1.00000000 or more, not 0.99998000"
    change = "subscriptions/change_plan.cdc"
    two_plans.refuses(chain_refusal, change, *map(uint64, (subscription, 1, 1)), signer=account)
    two_plans.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(2_000), signer=account)
    change_plan(two_plans, account, subscription, 1, 1)


def test_a_plan_change_waits_until_nothing_is_owed(two_plans: Chain) -> None:
    # Given a plan change, and then usage that the deposit does not cover
    account, subscription = two_plans.subscriber(deposit=FLOW)
    change_plan(two_plans, account, subscription, 1, 1)
    settle_next(two_plans, (subscription, 75_000 * MILLION))
    state = two_plans.subscription(subscription)
    assert (state["owed"], state["planId"]) == (FLOW // 2, 0)
    # When the debt is paid and another page comes
    two_plans.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(9 * FLOW), signer=account)
    settle_next(two_plans, (subscription, 75_100 * MILLION))
    # Then it was all billed by the old plan, and the next token is not
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(75_100 * MILLION)
    settle_next(two_plans, (subscription, 75_200 * MILLION))
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(75_100 * MILLION) + FLOW


def test_changing_to_and_fro_costs_nothing(two_plans: Chain) -> None:
    # Given a total whose price was rounded down
    account, subscription = two_plans.subscriber()
    total = 123_456_789
    settle_next(two_plans, (subscription, total))
    # When the owner changes the plan twice before another page comes
    change_plan(two_plans, account, subscription, 1, 1)
    change_plan(two_plans, account, subscription, 0, 1)
    settle_next(two_plans, (subscription, total + 1))
    # Then the bill is the same as without
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(total + 1)


def test_a_version_is_not_in_force_before_its_notice_ends(chain: Chain) -> None:
    # Given a subscription, and then a dearer version of its plan
    chain = chain.deployed_again(notices=LONG_NOTICES)
    account, subscription = chain.subscriber()
    (announced,) = chain.events(add_second_version(chain))
    assert (announced[0], announced[1]["planVersion"]) == ("PlanAdded", 2)
    # Then nobody can accept it, and the first one is still in force
    chain.refuses(
        "SubscriptionPlans: version 1 of plan 0 is in force, not 2",
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
        "SubscriptionPlans: version 2 of plan 0 is in force, not 1",
        "subscriptions/open_subscription.cdc",
        uint64(0),
        uint64(1),
        ufix64(FLOW),
        signer=account,
    )
    chain.settle(1, (subscription, 100 * MILLION))
    state = chain.subscription(subscription)
    assert (state["planVersion"], state["charged"]) == (1, charge_ufix64(100 * MILLION))
    # Until the owner accepts the second and a page comes
    change_plan(chain, account, subscription, 0, 2)
    settle_next(chain, (subscription, 200 * MILLION))
    assert chain.subscription(subscription)["planVersion"] == 2


@pytest.mark.parametrize(
    ("notices", "what"),
    [
        (Notices(trigger=120, plan=119, exit=50, settlement=10), "SubscriptionPlans.init: plans"),
        (Notices(trigger=119, plan=120, exit=50, settlement=10), "UsageBasedSubscriptions.init: triggers"),
    ],
)
def test_a_notice_that_is_not_twice_as_long_as_an_exit_is_refused(chain: Chain, notices: Notices, what: str) -> None:
    refusal = rf"{what} must be announced for 120\.0+ seconds, twice as long as an exit takes, not 119\.0"
    with pytest.raises(TransactionFailedError, match=refusal):
        chain.deployed_again(notices=notices)
    chain.deployed_again(notices=replace(notices, plan=120, trigger=120))


def test_a_late_page_from_before_a_change_to_a_dearer_plan_holds_up_nothing(two_plans: Chain) -> None:
    # Given a subscription that changed to a dearer plan, and a page from long before that was never settled
    account, changed = two_plans.subscriber()
    _, other = two_plans.subscriber()
    late = two_plans.attested_page(1, (changed, 1), (other, 1_000 * MILLION))
    change_plan(two_plans, account, changed, 1, 1)
    settle_next(two_plans, (changed, 50_000 * MILLION))
    # When it comes
    events = two_plans.events(two_plans.run(SETTLE, *late))
    # Then only the other subscription on it is charged
    assert [(name, fields["subscriptionId"]) for name, fields in events] == [("Settled", other)]
    assert two_plans.subscription(changed)["charged"] == charge_ufix64(50_000 * MILLION)


def test_subscriptions_on_different_plans_are_settled_by_one_page(two_plans: Chain) -> None:
    # Given four subscriptions that take turns in two plans
    account, first = two_plans.subscriber(deposit=50 * FLOW)
    subscriptions = [first, *(two_plans.open(account, 50 * FLOW, plan) for plan in (1, 0, 1))]
    # When all are settled
    two_plans.settle(1, *((subscription, 3_000 * MILLION) for subscription in subscriptions))
    # Then each pays its own plan's price
    charged = [two_plans.subscription(subscription)["charged"] for subscription in subscriptions]
    assert charged == [charge_ufix64(3_000 * MILLION), charge_ufix64(3_000 * MILLION, DEAR)] * 2


def test_free_usage_is_not_charged_after_a_change_to_a_plan_that_costs(two_plans: Chain) -> None:
    # Given a subscription on a plan for nothing
    add_plan(LocalDeployer(two_plans.flow, two_plans.provider), PlanTerms(plan_id=2, tiers=Tiers((Tier(None, 0),))))
    account, subscription = two_plans.subscriber(plan=2)
    change_plan(two_plans, account, subscription, 0, 1)
    settle_next(two_plans, (subscription, 1_000 * MILLION))
    assert two_plans.subscription(subscription)["settledMicrotokens"] == 1_000 * MILLION
    # When it goes on with the usual plan
    settle_next(two_plans, (subscription, 1_500 * MILLION))
    # Then it pays for what came afterwards
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(500 * MILLION)


def test_a_retired_plan_is_accepted_by_nobody_and_goes_on_for_whoever_is_on_it(two_plans: Chain) -> None:
    # Given a subscription on a plan that the provider then retires
    account, subscription = two_plans.subscriber(deposit=50 * FLOW, plan=1)
    retire = "subscriptions/retire_plan.cdc"
    retired = two_plans.events(two_plans.run(retire, uint64(1), signer=two_plans.provider))
    assert retired == [("PlanRetired", {"planId": 1})]
    # Then nobody can open on it or change to it, and it is charged as before
    terms = uint64(1), uint64(1), ufix64(FLOW)
    refusal = "SubscriptionPlans: there is no plan 1"
    two_plans.refuses(refusal, "subscriptions/open_subscription.cdc", *terms, signer=account)
    two_plans.settle(1, (subscription, 1_000 * MILLION))
    assert two_plans.subscription(subscription)["charged"] == charge_ufix64(1_000 * MILLION, DEAR)
    two_plans.refuses("SubscriptionPlans.retire: there is no plan 1", retire, uint64(1), signer=two_plans.provider)


@pytest.mark.parametrize(
    ("ends", "prices", "minimum", "is_at_once"),
    [
        ([1_000], [5 * FLOW, 10 * FLOW], FLOW, True),
        ([1_000], [5 * FLOW, 10 * FLOW - 1], FLOW, True),
        ([900], [5 * FLOW, 9 * FLOW], FLOW, False),
        ([1_100], [5 * FLOW, 10 * FLOW], FLOW, True),
        ([], [5 * FLOW + 1], FLOW, False),
        ([1_000], [5 * FLOW, 10 * FLOW], FLOW + 1, False),
    ],
    ids=["the same", "cheaper", "dearer between", "longer cheap tier", "dearer below", "a higher minimum"],
)
def test_only_a_version_that_is_dearer_for_nobody_needs_no_notice(
    chain: Chain, ends: list[int], prices: list[int], minimum: int, is_at_once: bool
) -> None:
    # Given a plan under long notices
    chain = chain.with_own_clock(notices=LONG_NOTICES)
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    # When a second version is announced
    terms = [Argument("Bool", False), array(uint64, ends), array(ufix64, prices), ufix64(minimum), ufix64(0)]
    result = chain.run("subscriptions/add_plan.cdc", uint64(1), uint64(2), *terms, signer=chain.provider)
    ((_, added),) = chain.events(result)
    # Then it can be accepted now, or after the notice
    now = START_SECONDS * FLOW
    assert added["effectiveAt"] == now if is_at_once else now + LONG_NOTICES.plan * FLOW


def announced(chain: Chain) -> list[tuple[object, object]]:
    """The id and version of every plan that the contract lists as announced."""
    code = """
        import "SubscriptionPlans"
        access(all) fun main(): [SubscriptionPlans.Plan] { return SubscriptionPlans.announcedPlans() }
    """
    plans = chain.evaluate(code)
    assert isinstance(plans, list)
    return [(plan["planId"], plan["planVersion"]) for plan in plans if isinstance(plan, dict)]


def test_plans_are_listed_as_announced_until_they_can_be_accepted(chain: Chain) -> None:
    # Given a plan in force
    chain = chain.with_own_clock(notices=LONG_NOTICES)
    assert announced(chain) == []
    # When a dearer version of it is announced, and a first version of another, which counts at once
    add_second_version(chain)
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
    # Then only the dearer version is announced, until its notice ends
    assert announced(chain) == [(0, 2)]
    chain.wait(LONG_NOTICES.plan - 1)
    assert announced(chain) == [(0, 2)]
    chain.wait(1)
    assert announced(chain) == []


def test_a_version_of_a_retired_plan_is_no_longer_announced(chain: Chain) -> None:
    chain = chain.with_own_clock(notices=LONG_NOTICES)
    add_second_version(chain)
    chain.run("subscriptions/retire_plan.cdc", uint64(0), signer=chain.provider)
    assert announced(chain) == []
    # And a retired plan gets no other version
    with pytest.raises(TransactionFailedError, match=r"SubscriptionPlans\.add: plan 0 is retired"):
        add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(version=3))


def test_versions_of_a_plan_are_announced_in_order(chain: Chain) -> None:
    with pytest.raises(TransactionFailedError, match="version 2 of plan 0 comes next, not 3"):
        add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(version=3))


@pytest.mark.parametrize(
    ("ends", "prices", "message"),
    [
        ([], [10 * FLOW + 1], "a price is at most 10.00000000, not 10.00000001"),
        ([5, 5], [1, 1, 1], "the ends of the tiers must rise, and only the last tier has none"),
        ([5, 4], [1, 1, 1], "the ends of the tiers must rise, and only the last tier has none"),
        ([0], [1, 1], "the ends of the tiers must rise, and only the last tier has none"),
        (list(range(1, 17)), [1] * 17, "a plan has 1 to 16 tiers, not 17"),
        ([1], [1], "1 ends need one price more, not 1"),
    ],
)
def test_an_unsound_plan_is_refused(chain: Chain, ends: list[int], prices: list[int], message: str) -> None:
    chain.refuses(
        message,
        "subscriptions/add_plan.cdc",
        uint64(1),
        uint64(1),
        Argument("Bool", False),
        array(uint64, ends),
        array(ufix64, prices),
        ufix64(0),
        ufix64(0),
        signer=chain.provider,
    )


def test_a_deposit_below_the_plans_minimum_is_refused(chain: Chain) -> None:
    account = chain.flow.create_account(100 * FLOW)
    chain.refuses(
        "SubscriptionPlans: plan 0 needs a deposit of 1.00000000 or more, not 0.99999999",
        "subscriptions/open_subscription.cdc",
        uint64(0),
        uint64(1),
        ufix64(FLOW - 1),
        signer=account,
    )
    chain.refuses(
        "SubscriptionPlans: there is no plan 9",
        "subscriptions/open_subscription.cdc",
        uint64(9),
        uint64(1),
        ufix64(FLOW),
        signer=account,
    )


PRICE_BOTH_WAYS = """
    import "GraduatedPricing"
    import "SubscriptionPlans"
    access(all) fun main(planId: UInt64, totals: [UInt64]): [[UFix64]] {
        let tiers = SubscriptionPlans.plan(planId)!.tariff.tiers()
        return totals.map(view fun (total: UInt64): [UFix64] {
            return [
                SubscriptionPlans.quote(planId: planId, ratedMicrotokens: total),
                GraduatedPricing.referencePrice(total, tiers: tiers)
            ]
        })
    }
"""
"""Prices by the fast way of settlements, and by the plain loop over the tiers."""


@st.composite
def any_tiers(draw: st.DrawFn) -> Tiers:
    ends = sorted(draw(st.sets(st.integers(1, 2**64 // MILLION - 1), max_size=15)))
    prices = draw(st.lists(st.integers(0, 10 * FLOW), min_size=len(ends) + 1, max_size=len(ends) + 1))
    return Tiers(tuple(map(Tier, [*ends, None], prices)))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(tiers=any_tiers(), totals=st.lists(st.integers(0, 2**64 - 1), min_size=50, max_size=200))
def test_any_total_on_any_plan_costs_the_same_in_python_and_in_both_ways_of_cadence(
    emulator: Chain, tiers: Tiers, totals: list[int]
) -> None:
    # Given any plan, and any totals beside those where its tiers meet
    edges = [tier.end_tokens * MILLION + step for tier in tiers.tiers if tier.end_tokens for step in (-1, 0, 1)]
    asked = [*totals, *edges]
    with emulator.rolled_back() as chain:
        add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1, tiers=tiers))
        # When the contract prices them in both of its ways
        priced = chain.evaluate(PRICE_BOTH_WAYS, uint64(1), array(uint64, asked))
    # Then both give the backend's price
    assert priced == [[charge_ufix64(total, tiers)] * 2 for total in asked]


def test_the_price_is_the_same_in_python_and_cadence_at_the_extremes(chain: Chain) -> None:
    for total in (0, 1, 10**9, 10**11 - 1, 10**11, 10**12 + 7, 10**13, 2**63, 2**64 - 1):
        assert chain.script("subscriptions/get_quote.cdc", uint64(0), uint64(total)) == charge_ufix64(total)
