"""What usage costs, by worked examples that the contracts' tests share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.settlement.pricing import DEFAULT_TIERS, MICROTOKENS_PER_TOKEN, Tier, Tiers, charge_ufix64

FLOW = 10**8


@pytest.mark.parametrize(
    ("tokens", "cost_ufix64"),
    [
        (0, 0),
        (1_000, FLOW * 2 // 100),
        (100_000, 2 * FLOW),
        (100_001, 2 * FLOW + 1_500),
        (1_000_000, 2 * FLOW + 1350 * FLOW // 100),
        (10_000_000, 2 * FLOW + 1350 * FLOW // 100 + 90 * FLOW),
        (12_000_000, 2 * FLOW + 1350 * FLOW // 100 + 90 * FLOW + 16 * FLOW),
    ],
)
def test_each_price_applies_to_the_part_of_the_total_in_its_tier(tokens: int, cost_ufix64: int) -> None:
    assert charge_ufix64(tokens * MICROTOKENS_PER_TOKEN) == cost_ufix64


@pytest.mark.parametrize(("microtokens", "cost_ufix64"), [(499, 0), (500, 1), (999, 1), (1_000, 2)])
def test_a_fraction_of_a_unit_is_never_charged(microtokens: int, cost_ufix64: int) -> None:
    assert charge_ufix64(microtokens) == cost_ufix64


def test_the_fractions_of_two_tiers_are_rounded_together_and_once() -> None:
    # Given two tiers that each leave six tenths of a unit
    tiers = Tiers((Tier(1, 600), Tier(None, 600)))
    # When a total fills the first and as much of the second
    # Then the cost is the floor of the sum, not the sum of the floors
    assert charge_ufix64(2 * MICROTOKENS_PER_TOKEN, tiers) == 1


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_cost_never_falls_as_the_total_rises(one: int, other: int) -> None:
    lower, upper = sorted((one, other))
    assert charge_ufix64(lower) <= charge_ufix64(upper)


@given(st.lists(st.integers(0, 10**12), max_size=20))
def test_the_total_charge_does_not_depend_on_the_number_of_settlements(steps: list[int]) -> None:
    # Given settlements after each step
    total, charged = 0, 0
    for step in steps:
        total += step
        charged += charge_ufix64(total) - charged
    # Then together they charge what one would have
    assert charged == charge_ufix64(sum(steps))


@given(st.integers(0, 10**14))
def test_the_cost_is_within_one_unit_below_the_exact_one(total: int) -> None:
    # Given the exact cost in units of 1e-9 of a 1e-8 FLOW, by the definition of each tier
    exact, start = 0, 0
    for tier in DEFAULT_TIERS.tiers:
        end = total if tier.end_tokens is None else min(total, tier.end_tokens * MICROTOKENS_PER_TOKEN)
        exact += max(0, end - start) * tier.price_ufix64
        start = max(start, end)
    assert 0 <= exact - charge_ufix64(total) * 10**9 < 10**9


@pytest.mark.parametrize(
    "tiers",
    [
        (),
        (Tier(10, 1),),
        (Tier(10, 1), Tier(10, 2), Tier(None, 3)),
        (Tier(None, 1), Tier(None, 2)),
        (Tier(0, 1), Tier(None, 1)),
    ],
)
def test_tiers_need_rising_ends_and_a_last_one_without(tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(ValueError, match="rising ends"):
        Tiers(tiers)


def test_a_negative_price_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        Tiers((Tier(None, -1),))


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        charge_ufix64(-1)
