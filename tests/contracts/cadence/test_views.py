"""What anyone can read of the contracts."""

import pytest

from flareflow.adapters.json_cdc import ufix64, uint64
from flareflow.settlement.pricing import charge_ufix64
from tests.contracts.cadence.flare import Electorate
from tests.support.flow_emulator import FLOW, REWARD_EPOCH, Chain

pytestmark = pytest.mark.stack

MILLION = 10**6


def test_an_estimate_is_what_the_next_settlement_would_charge(chain: Chain) -> None:
    # Given a subscription that owes half a FLOW
    _, subscription = chain.subscriber(deposit=FLOW)
    chain.settle(7, (subscription, 75_000 * MILLION))
    code = """
        import "UsageBasedSubscriptions"
        access(all) fun main(subscriptionId: UInt64, total: UInt64): UFix64 {
            return UsageBasedSubscriptions.estimate(subscriptionId: subscriptionId, ratedMicrotokens: total)
        }
    """
    # Then a lower total estimates what is owed, and a higher one that and the rest
    assert chain.evaluate(code, uint64(subscription), uint64(1)) == FLOW // 2
    higher = chain.evaluate(code, uint64(subscription), uint64(90_000 * MILLION))
    assert higher == charge_ufix64(90_000 * MILLION) - FLOW


def test_what_is_not_there_is_nil(chain: Chain) -> None:
    assert chain.script("subscriptions/get_subscription.cdc", uint64(99)) is None
    assert chain.script("subscriptions/get_tiers.cdc", uint64(99)) is None
    code = """
        import "FlareOracleVerifier"
        import "UsageBasedSubscriptions"
        import "SimpleUsageSubscriptions"
        access(all) fun main(): [Bool] {
            return [
                UsageBasedSubscriptions.settlementRoot(epoch: 1) == nil,
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
    four = Electorate.of([100] * 4)
    assert chain.deployed_again(four.trusted()).script("flare/get_light_client.cdc") == {
        "latestRewardEpoch": REWARD_EPOCH,
        "startVotingRound": four.policy.start_voting_round,
        "threshold": 200,
        "voters": 4,
        "isChainBound": False,
    }


def test_an_owner_is_named_as_the_payer_of_a_top_up(chain: Chain) -> None:
    account, subscription = chain.subscriber()
    result = chain.run("subscriptions/top_up.cdc", uint64(subscription), ufix64(FLOW), signer=account)
    ((_, event),) = chain.events(result)
    assert event["from"] == f"0x{account.address}"
