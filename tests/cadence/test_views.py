"""What anyone can read of the contracts."""

from dataclasses import replace
from typing import Any

import pytest

from flareflow.adapters.flow.cadence import CADENCE
from flareflow.adapters.flow.json_cdc import Argument, ufix64, uint64
from flareflow.settlement.pricing import charge_ufix64
from infra.deploy.contracts import PlanTerms, add_plan
from infra.local.flow.contracts import LocalDeployer
from tests.cadence.flare import Electorate, beginning
from tests.cadence.owners import estimate
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import FLOW, LONG_NOTICES, MONEY, NOTICES, REWARD_EPOCH, ROUNDS, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6


def test_an_estimate_is_what_the_next_settlement_would_charge(chain: Chain) -> None:
    # Given a subscription that owes half a FLOW
    _, subscription = chain.subscriber(deposit=FLOW)
    chain.settle(7, (subscription, 75_000 * MILLION))
    # Then a lower total estimates what is owed, and a higher one that and the rest
    assert estimate(chain, subscription, 1) == FLOW // 2
    assert estimate(chain, subscription, 90_000 * MILLION) == charge_ufix64(90_000 * MILLION) - FLOW


READ_VIEWS = """
    import "SubscriptionCustody"
    import "UsageBasedSubscriptions"
    access(all) fun main(subscriptionId: UInt64): {String: AnyStruct} {
        let standing = UsageBasedSubscriptions.standingOf(subscriptionId)
        let subscription = SubscriptionCustody.subscription(subscriptionId)!
        return {
            "balance": subscription.balance(),
            "status": standing.status,
            "spendable": standing.spendable,
            "mayBeUsed": standing.mayBeUsed(),
            "epoch": subscription.settledEpoch(),
            "total": subscription.settledMicrotokens(),
            "charged": subscription.charged,
            "owed": SubscriptionCustody.ledger(subscriptionId)!.owed,
            "opened": SubscriptionCustody.subscriptionsOpened()
        }
    }
"""


def views(chain: Chain, subscription: int) -> dict[str, object]:
    told = chain.evaluate(READ_VIEWS, uint64(subscription))
    assert isinstance(told, dict)
    return dict(told)


def test_balance_standing_and_last_settlement_are_told(chain: Chain) -> None:
    # Given a subscription with a cap, of which a part is charged
    account, subscription = chain.subscriber(deposit=3 * FLOW)
    cap = Argument("Optional", ufix64(2 * FLOW).as_json())
    chain.run("subscriptions/set_spend_cap.cdc", uint64(subscription), cap, signer=account)
    chain.settle(7, (subscription, 50_000 * MILLION))
    # Then what may still be charged is what the cap leaves
    assert views(chain, subscription) == {
        "balance": 2 * FLOW,
        "status": "active",
        "spendable": FLOW,
        "mayBeUsed": True,
        "epoch": 7,
        "total": 50_000 * MILLION,
        "charged": FLOW,
        "owed": 0,
        "opened": subscription,
    }


def test_only_an_active_subscription_with_money_may_be_used(chain: Chain) -> None:
    # Given one whose deposit was used up to the last unit
    account, spent = chain.subscriber(deposit=FLOW)
    chain.settle(7, (spent, 50_000 * MILLION))
    # Then it is active and not entitled, then suspended, then on its way out, then closed
    steps = [views(chain, spent)]
    chain.settle(8, (spent, 60_000 * MILLION))
    steps.append(views(chain, spent))
    for what in ("request_exit", "close_subscription"):
        chain.run(f"subscriptions/{what}.cdc", uint64(spent), signer=account)
        steps.append(views(chain, spent))
    assert [step["status"] for step in steps] == ["active", "suspended", "exiting", "closed"]
    assert not any(step["mayBeUsed"] for step in steps)


def exit_of(chain: Chain, subscription: int) -> dict[str, Any]:
    told = chain.script("subscriptions/get_exit.cdc", uint64(subscription))
    assert isinstance(told, dict)
    return told


def test_the_exit_is_told_with_its_notice_and_the_limit_of_an_epoch(chain: Chain) -> None:
    # Given a subscription on contracts whose exits take an hour
    slow = chain.deployed_again(notices=LONG_NOTICES)
    account, subscription = slow.subscriber()
    before = exit_of(slow, subscription)
    # When its owner leaves
    slow.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    # Then the end of the notice is told, in the time of the chain
    after = exit_of(slow, subscription)
    hour = LONG_NOTICES.exit * FLOW
    assert (before["noticeSeconds"], before["graceSeconds"]) == (hour, 0)
    assert before["epochLimit"] == MONEY.epoch_limit_ufix64
    assert (before["exitAt"], before["possibleAt"], before["isByProvider"]) == (None, None, False)
    assert before["now"] <= after["exitAt"] - hour <= after["now"]
    assert after["possibleAt"] == after["exitAt"]
    assert not after["isClosed"]


def test_what_is_not_there_is_nil(chain: Chain) -> None:
    assert chain.script("subscriptions/get_subscription.cdc", uint64(99)) is None
    assert chain.script("subscriptions/get_exit.cdc", uint64(99)) is None
    assert chain.script("subscriptions/get_tiers.cdc", uint64(99)) is None
    code = """
        import "FlareOracleVerifier"
        import "UsageBasedSubscriptions"
        import "SimpleUsageSubscriptions"
        access(all) fun main(): [Bool] {
            return [
                UsageBasedSubscriptions.statement(epoch: 1) == nil,
                SimpleUsageSubscriptions.usageAccount(1) == nil,
                FlareOracleVerifier.signingPolicy(rewardEpoch: 1) == nil
            ]
        }
    """
    assert chain.evaluate(code) == [True, True, True]


def test_the_default_plan_has_the_default_tiers(chain: Chain) -> None:
    assert chain.script("subscriptions/get_tiers.cdc", uint64(0)) == [
        {"endTokens": 100_000, "price": 2_000_000},
        {"endTokens": 1_000_000, "price": 1_500_000},
        {"endTokens": 10_000_000, "price": 1_000_000},
        {"endTokens": None, "price": 800_000},
    ]


def test_the_light_client_tells_what_it_follows(chain: Chain) -> None:
    # Given a light client of a policy whose reward epoch ended a round ago
    four = Electorate.of([100] * 4)
    client = chain.with_own_clock(beginning(four.trusted(), four.policy.start_voting_round + ROUNDS))
    # Then it tells its newest policy, and that the next one is missing
    assert client.script("flare/get_light_client.cdc") == {
        "latestRewardEpoch": REWARD_EPOCH,
        "currentRewardEpoch": REWARD_EPOCH + 1,
        "startVotingRound": four.policy.start_voting_round,
        "threshold": 200,
        "voters": 4,
        "isChainBound": False,
    }


def test_the_books_tell_what_is_held_and_what_of_it_was_charged(chain: Chain) -> None:
    # Given a subscription that was charged a FLOW of three
    before = books(chain)
    _, subscription = chain.subscriber(deposit=3 * FLOW)
    chain.settle(7, (subscription, 50_000 * MILLION))
    # Then what is held has grown by the deposit: by what is left of it, and by the charge
    after = books(chain)
    grown = {name: after[name] - before[name] for name in ("held", "balances", "unclaimedRevenue")}
    assert grown == {"held": 3 * FLOW, "balances": 2 * FLOW, "unclaimedRevenue": FLOW}
    assert after["subscriptionsOpened"] == subscription
    assert after["policy"] == chain.script("flare/get_light_client.cdc")


def test_the_books_tell_how_long_each_notice_is(chain: Chain) -> None:
    told = books(chain.deployed_again(notices=LONG_NOTICES))
    notices = told["exitNoticeSeconds"], told["planNoticeSeconds"], told["triggerNoticeSeconds"]
    assert notices == (3_600 * FLOW, 7_200 * FLOW, 7_200 * FLOW)


def books(chain: Chain) -> dict[str, Any]:
    told = chain.script("subscriptions/get_books.cdc")
    assert isinstance(told, dict)
    return dict(told)


def test_an_owner_is_named_as_the_payer_of_a_top_up(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    result = chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(FLOW), signer=account)
    ((_, event),) = chain.events(result)
    assert event["from"] == f"0x{account.address}"


def test_the_plan_of_a_subscription_is_told(chain: Chain) -> None:
    # Given a second plan
    add_plan(LocalDeployer(chain.flow, chain.provider), PlanTerms(plan_id=1))
    _, subscription = chain.subscriber(plan=1)
    code = """
        import "UsageBasedSubscriptions"
        access(all) fun main(subscriptionId: UInt64): [UInt64] {
            let plan = UsageBasedSubscriptions.planOf(subscriptionId)
            return [plan.planId, plan.planVersion]
        }
    """
    assert chain.evaluate(code, uint64(subscription)) == [1, 1]


def test_it_is_told_from_when_on_an_owner_can_take_the_money_out(chain: Chain) -> None:
    code = """
        import "SubscriptionCustody"
        access(all) fun main(subscriptionId: UInt64): UFix64? {
            return SubscriptionCustody.exitPossibleAt(subscriptionId)
        }
    """
    # Given an owner under a notice of an hour and half an hour for the settlement of a confirmed statement
    chain = chain.with_own_clock(
        notices=replace(NOTICES, trigger=10_800, plan=10_800, update=10_800, exit=3_600, settlement=1_800)
    )
    chain.wait(10_800)
    account, subscription = chain.subscriber()
    assert chain.evaluate(code, uint64(subscription)) is None
    # When the owner requests the exit, then the money comes out after the notice
    chain.run("subscriptions/request_exit.cdc", uint64(subscription), signer=account)
    ends = START_SECONDS + 10_800 + 3_600
    assert chain.evaluate(code, uint64(subscription)) == ends * FLOW
    # And after the settlement of a statement that is confirmed ten minutes before
    chain.wait(3_000)
    chain.attest(7, bytes(32))
    assert chain.evaluate(code, uint64(subscription)) == (ends - 600 + 1_800) * FLOW


@pytest.mark.parametrize("contract", sorted(path.stem for path in (CADENCE / "contracts").glob("*.cdc")))
def test_a_contract_tells_its_version(chain: Chain, contract: str) -> None:
    code = f"""
        import "{contract}"
        access(all) fun main(): String {{ return {contract}.getVersion() }}
    """
    assert chain.evaluate(code) == "1.0.0"


def test_a_bill_has_all_that_its_price_follows_from(chain: Chain) -> None:
    # Given a subscription of which a total was settled
    account, subscription = chain.subscriber(deposit=3 * FLOW)
    chain.settle(7, (subscription, 50_000 * MILLION))
    # Then its bill has plan, tiers, totals and money
    bill = chain.script("subscriptions/get_bill.cdc", uint64(subscription))
    assert bill == {
        "tokenStoragePath": "/storage/flowTokenVault",
        "owner": f"0x{account.address}",
        "planId": 0,
        "planVersion": 1,
        "isInDollars": False,
        "tiers": chain.script("subscriptions/get_tiers.cdc", uint64(0)),
        "costOffset": 0,
        "planFrom": None,
        "paidDollars": 0,
        "charged": FLOW,
        "owed": 0,
        "balance": 2 * FLOW,
        "settledMicrotokens": 50_000 * MILLION,
        "settledEpoch": 7,
    }
    # And there is none of a subscription that nobody opened
    assert chain.script("subscriptions/get_bill.cdc", uint64(99)) is None


def test_what_is_confirmed_of_a_round_and_an_epoch_is_told(chain: Chain) -> None:
    # Given a statement that was delivered and settled
    _, subscription = chain.subscriber(deposit=3 * FLOW)
    chain.settle(7, (subscription, 50_000 * MILLION))
    # Then its root and total are told, and nothing of a round and an epoch that were not confirmed
    confirmed = chain.script("fdc/get_confirmed.cdc", uint64(1), uint64(7))
    assert isinstance(confirmed, dict)
    assert isinstance(confirmed["totalMicrotokens"], int)
    assert confirmed["totalMicrotokens"] >= 50_000 * MILLION
    assert isinstance(confirmed["settlementRoot"], str)
    assert len(confirmed["settlementRoot"]) == 64
    assert (confirmed["root"], confirmed["roundsPerRewardEpoch"]) == (None, ROUNDS)
    unknown = chain.script("fdc/get_confirmed.cdc", uint64(1), uint64(8))
    assert isinstance(unknown, dict)
    assert (unknown["settlementRoot"], unknown["totalMicrotokens"]) == (None, None)
