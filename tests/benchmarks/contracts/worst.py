"""The worst page that can be sealed: 200 subscriptions for each of which everything happens at once."""

from collections.abc import Iterator
from itertools import batched
from typing import Final

from flareflow.adapters.flow.json_cdc import array, ufix64, uint64
from tests.benchmarks.contracts.costs import Cost, units
from tests.benchmarks.contracts.crowd import BEFORE, CAP_EACH_TIME, CAP_MANY, Crowd, open_crowd, totals
from tests.support.flow_emulator import EPOCH_SECONDS, FLOW, Chain

PAGE: Final = 200
WORST_LIMIT: Final = 9_500
PLANS_EACH_TIME: Final = 20
CHANGES_EACH_TIME: Final = 50
DEPOSIT: Final = 150 * FLOW
CAP: Final = 140 * FLOW
PERIOD_SECONDS: Final = 30 * 24 * 3_600
TOP_TIER: Final = 10**17
"""Micro-tokens; they cost far more than a deposit."""

ADD_PLANS: Final = """
    import "GraduatedPricing"
    import "UsageBasedSubscriptions"

    transaction(first: UInt64, count: UInt64) {
        prepare(signer: auth(BorrowValue) &Account) {
            let admin = signer.storage.borrow<auth(UsageBasedSubscriptions.Operate) &UsageBasedSubscriptions.Admin>(
                from: UsageBasedSubscriptions.AdminStoragePath
            )!
            let tiers: [GraduatedPricing.Tier] = []
            var tier: UInt64 = 1
            while tier < 16 {
                tiers.append(
                    GraduatedPricing.Tier(endTokens: tier * 777_777, price: 0.02 - UFix64(tier) * 0.001)
                )
                tier = tier + 1
            }
            tiers.append(GraduatedPricing.Tier(endTokens: nil, price: 0.00412345))
            var added: UInt64 = 0
            while added < count {
                admin.addPlan(
                    planId: first + added,
                    isInDollars: false,
                    tiers: tiers,
                    minimumDeposit: 0.0,
                    lowBalance: 30.0
                )
                added = added + 1
            }
        }
    }
"""
CHANGE_MANY: Final = """
    import "SubscriptionOwnership"
    import "SubscriptionPlans"

    transaction(ids: [UInt64]) {
        prepare(signer: auth(BorrowValue) &Account) {
            let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            for subscriptionId in ids {
                SubscriptionPlans.change(
                    holder: holder,
                    subscriptionId: subscriptionId,
                    planId: subscriptionId,
                    planVersion: 1
                )
            }
        }
    }
"""


def worst_page(chain: Chain) -> Iterator[Cost]:
    """Every subscription on a plan of its own with 16 tiers, whose cost is still to be continued from the plan before.

    A new period of every spend cap begins, every total lies in the top tier, and every deposit runs dry.
    """
    clocked = chain.with_own_clock()
    crowd = open_crowd(clocked, PAGE, deposit=DEPOSIT)
    for plans in batched(crowd.ids, PLANS_EACH_TIME, strict=False):
        clocked.flow.run_code(clocked.provider, ADD_PLANS, uint64(plans[0]), uint64(len(plans)))
    epoch = clocked.epoch_now()
    crowd.settle(epoch - 1, totals(crowd.ids, BEFORE[:1]))
    yield _whole("plan_changes", "settle a page of 200, all of whose plans change, in all", _change_plans(crowd, epoch))
    for part in batched(crowd.ids, CAP_EACH_TIME, strict=False):
        clocked.flow.run_code(crowd.owner, CAP_MANY, array(uint64, part), ufix64(CAP))
    clocked.wait(PERIOD_SECONDS)
    settled = crowd.settle(epoch + 1, totals(crowd.ids, [TOP_TIER]))
    yield _whole(
        "worst",
        "settle the worst page of 200 (16 tiers, new cap periods, deposits running dry), in all",
        units(clocked, settled, "Settled", "LowBalance", "Suspended"),
    )


def _change_plans(crowd: Crowd, epoch: int) -> int:
    for part in batched(crowd.ids, CHANGES_EACH_TIME, strict=False):
        crowd.chain.flow.run_code(crowd.owner, CHANGE_MANY, array(uint64, part))
    crowd.chain.wait(2 * EPOCH_SECONDS)
    settled = crowd.settle(epoch, totals(crowd.ids, BEFORE[1:2]))
    return units(crowd.chain, settled, "Settled", "PlanChanged")


def _whole(name: str, operation: str, spent: int) -> Cost:
    return Cost(f"settle_units_{name}_page_{PAGE}", operation, spent, WORST_LIMIT)
