"""The backend's arithmetic of charges, step by step against the contract's: both must give the same to the last 1e-8."""

from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flareflow.adapters.flow.cadence import resolve_imports
from flareflow.adapters.flow.json_cdc import Argument, array, string, ufix64, uint64
from flareflow.settlement.charging import charge_of
from flareflow.settlement.pricing import Tier, Tiers, charge_ufix64
from infra.local.flow.contracts import LocalDeployer
from tests.support.flow_emulator import Chain

pytestmark = pytest.mark.stack

UNITS: Final = 10**8
MILLION: Final = 10**6
STEPS: Final = 12

PROBE: Final = """
    import "GraduatedPricing"
    import "SubscriptionAccounts"

    /// Settles a subscription that exists only within a script, by the functions that a real settlement calls.
    access(all) contract PriceProbe {
        access(all) fun settle(
            ends: [UInt64], prices: [UFix64], isInDollars: Bool, epochLimit: UFix64,
            deposits: [UFix64], totals: [UInt64], rates: [UFix64]
        ): [[UFix64]] {
            var tiers: [GraduatedPricing.Tier] = []
            for place, price in prices {
                let end: UInt64? = place < ends.length ? ends[place] : nil
                tiers.append(GraduatedPricing.Tier(endTokens: end, price: price))
            }
            let tariff = &GraduatedPricing.Tariff(tiers: tiers) as &GraduatedPricing.Tariff
            let subscription = &SubscriptionAccounts.Subscription(deposit: 0.0) as &SubscriptionAccounts.Subscription
            let ledger = &SubscriptionAccounts.Ledger(
                owner: self.account.address, planIndex: 0, isInDollars: isInDollars, lowBalance: 0.0,
                epochLimit: epochLimit
            ) as &SubscriptionAccounts.Ledger
            let states: [[UFix64]] = []
            for step, total in totals {
                let epoch = UInt64(step) + 1
                let settled = Int128(epoch) << 64
                subscription.add(deposits[step])
                let charged = subscription.settle(
                    1, epoch: epoch, settled: settled, microtokens: total, total: Int128(total)
                ) ?? ledger.settleCarefully(
                    1, subscription, epoch: epoch, settled: settled, microtokens: total, total: Int128(total),
                    tariff: tariff, rate: isInDollars ? rates[step] : nil
                )
                states.append([charged, ledger.owed, subscription.balance()])
            }
            return states
        }
    }
"""
SETTLE: Final = """
    import "PriceProbe"
    access(all) fun main(
        ends: [UInt64], prices: [UFix64], isInDollars: Bool, epochLimit: UFix64,
        deposits: [UFix64], totals: [UInt64], rates: [UFix64]
    ): [[UFix64]] {
        return PriceProbe.settle(
            ends: ends, prices: prices, isInDollars: isInDollars, epochLimit: epochLimit,
            deposits: deposits, totals: totals, rates: rates
        )
    }
"""


@dataclass(frozen=True)
class Life:
    """A subscription's plan and settlements. Each settlement has a top-up before it and a rate."""

    tiers: Tiers
    is_in_dollars: bool
    epoch_limit_ufix64: int
    deposits_ufix64: list[int]
    totals: list[int]
    rates_ufix64: list[int]

    def arguments(self) -> list[Argument]:
        """The arguments of SETTLE."""
        tiers = self.tiers.tiers
        return [
            array(uint64, [tier.end_tokens for tier in tiers if tier.end_tokens is not None]),
            array(ufix64, [tier.price_ufix64 for tier in tiers]),
            Argument("Bool", self.is_in_dollars),
            ufix64(self.epoch_limit_ufix64),
            array(ufix64, self.deposits_ufix64),
            array(uint64, self.totals),
            array(ufix64, self.rates_ufix64),
        ]

    def in_python(self) -> list[list[int]]:
        """Charged, owed and balance after each settlement, by the backend's functions."""
        balance = paid = owed = 0
        states = []
        for deposit, total, rate in zip(self.deposits_ufix64, self.totals, self.rates_ufix64, strict=True):
            balance += deposit
            due = charge_ufix64(total, self.tiers) - paid
            allowed = min(balance, self.epoch_limit_ufix64)
            charge = charge_of(due, allowed, rate if self.is_in_dollars else None)
            balance, paid, owed = balance - charge.charged_ufix64, paid + charge.paid_ufix64, charge.owed_ufix64
            states.append([charge.charged_ufix64, owed, balance])
        return states


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Plans of 1 to 16 tiers, and settlements around the ends of tiers and elsewhere."""
    ends = sorted(draw(st.sets(st.integers(1, 10**6), max_size=15)))
    prices = draw(st.lists(st.integers(0, 10 * UNITS), min_size=len(ends) + 1, max_size=len(ends) + 1))
    edges = st.sampled_from([end * MILLION + step for end in ends for step in (-1, 0, 1)] or [0])
    totals = sorted(draw(st.lists(edges | st.integers(0, 10**13), min_size=STEPS, max_size=STEPS)))
    amounts = st.lists(st.just(0) | st.integers(0, 1_000 * UNITS), min_size=STEPS, max_size=STEPS)
    rates = st.lists(st.integers(1, 10) | st.integers(1, 1_000 * UNITS), min_size=STEPS, max_size=STEPS)
    limit = draw(st.integers(0, 100 * UNITS) | st.just(10**6 * UNITS))
    return Life(
        Tiers(tuple(map(Tier, [*ends, None], prices))), draw(st.booleans()), limit, draw(amounts), totals, draw(rates)
    )


@pytest.fixture(scope="module")
def probed(emulator: Chain) -> Chain:
    """A deployment with the probe on the account of the contracts, which may call what they call of each other."""
    chain = emulator.deployed_again()
    code = string(resolve_imports(PROBE, chain.flow.addresses))
    LocalDeployer(chain.flow, chain.provider).run("deploy/deploy_contract.cdc", code, string("PriceProbe"))
    return chain


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(life=lives())
def test_every_charge_and_debt_is_the_same_in_python_and_cadence(probed: Chain, life: Life) -> None:
    # Given any plan in the token or in dollars, and any totals, top-ups and rates
    code = SETTLE.replace('import "PriceProbe"', f"import PriceProbe from 0x{probed.provider.address}")
    # When the contract settles them one after another
    settled = probed.evaluate(code, *life.arguments())
    # Then it charges, leaves owed and leaves over what the backend computes
    assert settled == life.in_python()
