"""What usage comes to around a plan change: the backend's arithmetic against the contract's."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from flareflow.adapters.flow.cadence import resolve_imports
from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64, uint64
from flareflow.settlement.charging import tokens_ufix64
from flareflow.settlement.events import ChainEvent, PlanChangeAccepted, Settled, SubscriptionOpened
from flareflow.settlement.journal import post
from flareflow.settlement.plan_changes import bills_ufix64, most_due_in_tokens_ufix64
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency, Tariff, Tier, Tiers
from flareflow.settlement.subscription import Subscription
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import Chain

pytestmark = pytest.mark.stack

UNITS: Final = 10**8
MILLION: Final = 10**6
DEPOSIT_UFIX64: Final = 10**8 * UNITS
AT: Final = datetime(2026, 11, 24, 10, tzinfo=UTC)
CHARGES: Final = TypeAdapter(tuple[int, int, int])

PROBE: Final = """
    import "GraduatedPricing"
    import "SubscriptionAccounts"
    import "SubscriptionTerms"

    /// A subscription that exists only within a script, whose plan changes after the first of three settlements.
    access(all) contract PlanChangeProbe {
        access(all) fun settle(
            ends: [[UInt64]], prices: [[UFix64]], areInDollars: [Bool], deposit: UFix64, totals: [UInt64], rate: UFix64
        ): [UFix64] {
            let tariffs: [GraduatedPricing.Tariff] = []
            for plan in [0, 1] {
                var tiers: [GraduatedPricing.Tier] = []
                for place, price in prices[plan] {
                    let end: UInt64? = place < ends[plan].length ? ends[plan][place] : nil
                    tiers.append(GraduatedPricing.Tier(endTokens: end, price: price))
                }
                tariffs.append(GraduatedPricing.Tariff(tiers: tiers))
            }
            let subscription = &SubscriptionAccounts.Subscription(deposit: deposit) as &SubscriptionAccounts.Subscription
            let ledger = &SubscriptionAccounts.Ledger(
                owner: self.account.address, planIndex: 0, isInDollars: areInDollars[0], lowBalance: 0.0,
                epochLimit: deposit
            ) as &SubscriptionAccounts.Ledger
            let charges: [UFix64] = []
            for step, total in totals {
                let epoch = UInt64(step) + 1
                let settled = Int128(epoch) << 64
                if step == 1 {
                    subscription.checkNext()
                    ledger.setPlanChange(SubscriptionTerms.PlanChange(
                        planId: 1, planVersion: 1, planIndex: 1, isInDollars: areInDollars[1], lowBalance: 0.0,
                        fromEpoch: epoch
                    ))
                }
                charges.append(
                    subscription.settle(1, epoch: epoch, settled: settled, microtokens: total, total: Int128(total))
                        ?? ledger.settleCarefully(
                            1, subscription, epoch: epoch, settled: settled, microtokens: total, total: Int128(total),
                            tariff: &tariffs[ledger.planIndex] as &GraduatedPricing.Tariff,
                            rate: ledger.isInDollars ? rate : nil
                        )
                )
            }
            return charges
        }
    }
"""
SETTLE: Final = """
    import "PlanChangeProbe"
    access(all) fun main(
        ends: [[UInt64]], prices: [[UFix64]], areInDollars: [Bool], deposit: UFix64, totals: [UInt64], rate: UFix64
    ): [UFix64] {
        return PlanChangeProbe.settle(
            ends: ends, prices: prices, areInDollars: areInDollars, deposit: deposit, totals: totals, rate: rate
        )
    }
"""


@dataclass(frozen=True)
class Change:
    """Two plans and three totals: settled before the change, where the second plan comes into force, and later."""

    plans: tuple[Tariff, Tariff]
    totals: tuple[int, int, int]
    rate_ufix64: int

    def arguments(self) -> list[Argument]:
        """The arguments of SETTLE."""
        tiers = [plan.tiers.tiers for plan in self.plans]
        ends = [array(uint64, [tier.end_tokens for tier in one if tier.end_tokens is not None]) for one in tiers]
        prices = [array(ufix64, [tier.price_ufix64 for tier in one]) for one in tiers]
        return [
            Argument("Array", [one.as_json() for one in ends]),
            Argument("Array", [one.as_json() for one in prices]),
            Argument("Array", [Argument("Bool", plan.needs_rate).as_json() for plan in self.plans]),
            ufix64(DEPOSIT_UFIX64),
            array(uint64, self.totals),
            ufix64(self.rate_ufix64),
        ]

    def known(self, charged_ufix64: int) -> Subscription:
        """The subscription as the ledger knows it while the second plan is accepted and not in force."""
        rate_ufix64 = self.rate_ufix64 if self.plans[0].needs_rate else None
        events: list[SubscriptionOpened | Settled | PlanChangeAccepted] = [
            SubscriptionOpened(1, "0x1", 0, 1, DEPOSIT_UFIX64, DEPOSIT_UFIX64),
            Settled(1, 1, self.totals[0], charged_ufix64, 0, DEPOSIT_UFIX64 - charged_ufix64, rate_ufix64),
            PlanChangeAccepted(1, 1, 1, from_epoch=2),
        ]
        state: Subscription | None = None
        for height, happened in enumerate(events):
            accepted = self.plans[happened.plan_id] if not isinstance(happened, Settled) else None
            posting = post(ChainEvent(Position(height, 0, 0), AT, "ab" * 32, happened), state, accepted)
            assert posting is not None
            state = posting.subscription
        assert state is not None
        return state

    def tokens(self, plan: Tariff, bill_ufix64: int) -> int:
        return tokens_ufix64(bill_ufix64, self.rate_ufix64 if plan.needs_rate else None)


@st.composite
def plans(draw: st.DrawFn) -> Tariff:
    ends = sorted(draw(st.sets(st.integers(1, 10**6), max_size=4)))
    prices = draw(st.lists(st.integers(0, 10 * UNITS), min_size=len(ends) + 1, max_size=len(ends) + 1))
    tiers = Tiers(tuple(map(Tier, [*ends, None], prices)))
    return Tariff(tiers, Currency.USD, needs_rate=True) if draw(st.booleans()) else Tariff(tiers)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    both = draw(plans()), draw(plans())
    ends = [tier.end_tokens * MILLION for plan in both for tier in plan.tiers.tiers if tier.end_tokens is not None]
    edges = st.sampled_from([end + step for end in ends for step in (-1, 0, 1)] or [1])
    first, second, third = sorted(draw(st.lists(edges | st.integers(1, 10**12), min_size=3, max_size=3, unique=True)))
    return Change(both, (first, second, third), draw(st.integers(UNITS // 100, 100 * UNITS)))


@pytest.fixture(scope="module")
def probed(emulator: Chain) -> Chain:
    """A deployment with the probe on the account of the contracts, which may call what they call of each other."""
    chain = emulator.deployed_again()
    code = string(resolve_imports(PROBE, chain.flow.addresses))
    LocalDeployer(chain.flow, chain.provider).run("deploy/deploy_contract.cdc", code, string("PlanChangeProbe"))
    return chain


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(change=changes())
def test_usage_around_a_plan_change_costs_what_the_backend_computes_and_never_more(
    probed: Chain, change: Change
) -> None:
    # Given any two plans, in the token or in dollars, and any total at which the second comes into force
    code = SETTLE.replace('import "PlanChangeProbe"', f"import PlanChangeProbe from 0x{probed.provider.address}")
    # When the contract settles around the change
    first, present, following = CHARGES.validate_python(probed.evaluate(code, *change.arguments()))
    # Then each part is what the backend computes for that total
    known = change.known(first)
    assert known.next_plan is not None
    _, start, total = change.totals
    bills = bills_ufix64(known, known.next_plan, start, total)
    assert (present, following) == tuple(map(change.tokens, change.plans, bills))
    # And together they are no more than what it expects at most before it knows that total
    most = most_due_in_tokens_ufix64(known, total, change.rate_ufix64)
    assert most is not None
    assert present + following <= most
