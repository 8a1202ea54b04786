"""The worst pages: for each subscription everything happens at once."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import batched
from typing import Final

from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64, uint64
from flareflow.adapters.flow.rest import TransactionResult
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX
from infra.local.flow.accounts import service_account
from tests.benchmarks.contracts.costs import Cost, units
from tests.benchmarks.contracts.crowd import BEFORE, CAP_EACH_TIME, CAP_MANY, Crowd, open_crowd, totals
from tests.support.dollars import SET_PRICE
from tests.support.flow_emulator import EPOCH_SECONDS, FLOW, Chain

PAGE: Final = 200
WORST_LIMIT: Final = 9_500
SPREAD_EACH: Final = 11
"""Units by which a subscription costs more, at most, where ids are spread among 100,000. Two trees are read then, of
which `settle_cu_per_subscription_page_200_of_100000_spread` has one, for 5 units."""
SETTLE_IN_DOLLARS: Final = "subscriptions/settle_page_in_dollars.cdc"
PLANS_EACH_TIME: Final = 20
CHANGES_EACH_TIME: Final = 50
DEPOSIT: Final = 150 * FLOW
CAP: Final = 140 * FLOW
PERIOD_SECONDS: Final = 30 * 24 * 3_600
RATE_SECONDS: Final = 3_600
"""After it a rate no longer serves to charge a debt, which then waits for the next page."""
TOP_TIER: Final = 10**17
"""Micro-tokens; they cost far more than a deposit."""
TO_A_LOW_BALANCE: Final = 19 * 10**11
"""Micro-tokens; they leave about 12 of the deposit where a token is a quarter of a dollar."""

ADD_PLANS: Final = """
    import "GraduatedPricing"
    import "UsageBasedSubscriptions"

    transaction(first: UInt64, count: UInt64, isInDollars: Bool) {
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
                    isInDollars: isInDollars,
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

    transaction(ids: [UInt64], others: UInt64) {
        prepare(signer: auth(BorrowValue) &Account) {
            let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            for subscriptionId in ids {
                SubscriptionPlans.change(
                    holder: holder,
                    subscriptionId: subscriptionId,
                    planId: others + subscriptionId,
                    planVersion: 1
                )
            }
        }
    }
"""


LEAVE_MANY: Final = """
    import "SubscriptionOwnership"

    transaction(ids: [UInt64]) {
        prepare(signer: auth(BorrowValue) &Account) {
            let holder = signer.storage.borrow<auth(SubscriptionOwnership.Manage) &SubscriptionOwnership.Holder>(
                from: SubscriptionOwnership.HolderStoragePath
            )!
            for subscriptionId in ids {
                holder.requestExit(subscriptionId: subscriptionId)
            }
        }
    }
"""


def worst_page(chain: Chain) -> Iterator[Cost]:
    """Every subscription is on a plan of its own with 16 tiers, and a new period of every spend cap begins.

    On the page in the token, the cost is still to be continued from the plan before, every total lies in the top tier
    and every deposit runs dry. On the largest page of a statement, every plan is in dollars, another plan follows,
    every debt is paid, every balance becomes low and every owner is leaving.
    """
    clocked = chain.with_own_clock()
    crowd = open_crowd(clocked, PAGE, deposit=DEPOSIT)
    with clocked.rolled_back():
        yield _plan_changes(crowd)
        yield _worst(crowd)
    with clocked.rolled_back():
        yield _worst_of_a_statement(replace(crowd, size=PAGE_SUBSCRIPTIONS_MAX))


def _plan_changes(crowd: Crowd, *, are_in_dollars: bool = False) -> Cost:
    epoch = crowd.chain.epoch_now()
    crowd.settle(epoch - 1, totals(crowd.ids, BEFORE[:1]))
    _change_plans(crowd, are_in_dollars=are_in_dollars)
    crowd.chain.wait(2 * EPOCH_SECONDS)
    settled = crowd.settle(epoch, totals(crowd.ids, BEFORE[1:2]))
    spent = units(crowd.chain, settled, "Settled", "PlanChanged")
    return _whole(crowd, "plan_changes", f"settle a page of {crowd.size}, all of whose plans change, in all", spent)


def _worst(crowd: Crowd) -> Cost:
    _begin_cap_periods(crowd)
    settled = crowd.settle(crowd.chain.epoch_now() - 1, totals(crowd.ids, [TOP_TIER]))
    spent = units(crowd.chain, settled, "Settled", "LowBalance", "Suspended")
    what = "16 tiers, new cap periods, dry deposits"
    return _whole(crowd, "worst", f"settle the worst page of {crowd.size} in the token ({what}), in all", spent)


def _worst_of_a_statement(crowd: Crowd) -> Cost:
    _plan_changes(crowd, are_in_dollars=True)
    _each(crowd, CAP_MANY, CAP_EACH_TIME, ufix64(0))
    _settle_in_dollars(crowd, BEFORE[1] + FLOW)
    crowd.chain.wait(2 * RATE_SECONDS)
    _change_plans(crowd, others=PAGE)
    _each(crowd, LEAVE_MANY, CHANGES_EACH_TIME)
    _begin_cap_periods(crowd)
    settled = _settle_in_dollars(crowd, TO_A_LOW_BALANCE)
    spent = units(crowd.chain, settled, "RateRead", "Settled", "LowBalance", "Resumed", "PlanChanged")
    what = "the same in dollars, debts, new plans, exits"
    limit = WORST_LIMIT - crowd.size * SPREAD_EACH
    return _whole(crowd, "worst", f"settle the worst page of {crowd.size} ({what}), in all", spent, limit)


def _change_plans(crowd: Crowd, *, others: int = 0, are_in_dollars: bool = False) -> None:
    chain, kind = crowd.chain, Argument("Bool", are_in_dollars)
    for ids in batched(crowd.ids, PLANS_EACH_TIME, strict=False):
        chain.flow.run_code(chain.provider, ADD_PLANS, uint64(others + ids[0]), uint64(len(ids)), kind)
    _each(crowd, CHANGE_MANY, CHANGES_EACH_TIME, uint64(others))


def _begin_cap_periods(crowd: Crowd) -> None:
    _each(crowd, CAP_MANY, CAP_EACH_TIME, ufix64(CAP))
    crowd.chain.wait(PERIOD_SECONDS)


def _settle_in_dollars(crowd: Crowd, total: int) -> TransactionResult:
    """Settle a page of the epoch that ends now, at a quarter of a dollar for a token."""
    epoch = crowd.chain.epoch_now()
    crowd.chain.wait(EPOCH_SECONDS)
    price = string("FLOW"), ufix64(FLOW // 4), uint64(epoch * EPOCH_SECONDS)
    crowd.chain.flow.run_code(service_account(), SET_PRICE, *price)
    return crowd.settle(epoch, totals(crowd.ids, [total]), SETTLE_IN_DOLLARS)


def _each(crowd: Crowd, code: str, each_time: int, *arguments: Argument) -> None:
    """Do for every subscription what the transaction does for some."""
    for part in batched(crowd.ids, each_time, strict=False):
        crowd.chain.flow.run_code(crowd.owner, code, array(uint64, part), *arguments)


def _whole(crowd: Crowd, name: str, operation: str, spent: int, limit: int = WORST_LIMIT) -> Cost:
    return Cost(f"settle_units_{name}_page_{crowd.size}", operation, spent, limit)
