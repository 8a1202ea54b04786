"""From a bill in dollars to tokens; `tests/cadence/test_python_prices.py` compares with the contract."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.settlement.charging import UFIX64_MAX, UNITS, Charge, charge_of, tokens_ufix64

QUARTER = UNITS // 4
AMOUNTS = st.integers(0, UFIX64_MAX)
RATES = st.integers(1, 100 * UNITS)


@pytest.mark.parametrize(
    ("amount", "rate", "tokens"),
    [
        (UNITS, None, UNITS),
        (UNITS, QUARTER, 4 * UNITS),
        (UNITS, 3 * UNITS, UNITS // 3),
        (1, 3 * UNITS, 0),
        (UFIX64_MAX, QUARTER, UFIX64_MAX),
        (UFIX64_MAX // 4, QUARTER, UFIX64_MAX // 4 * 4),
        (UFIX64_MAX // 4 + 1, QUARTER, UFIX64_MAX),
        (UFIX64_MAX, 3 * UNITS, UFIX64_MAX // 3),
    ],
)
def test_dollars_become_tokens_rounded_down(amount: int, rate: int | None, tokens: int) -> None:
    assert tokens_ufix64(amount, rate) == tokens


@pytest.mark.parametrize(
    ("due", "allowed", "rate", "charge"),
    [
        (UNITS, 10 * UNITS, QUARTER, Charge(4 * UNITS, 0, UNITS)),
        (UNITS, 2 * UNITS, QUARTER, Charge(2 * UNITS, UNITS // 2 - 1, UNITS // 2 + 1)),
        (UNITS, 0, QUARTER, Charge(0, UNITS, 0)),
        (1, 10, 3 * UNITS, Charge(0, 0, 1)),
        (UNITS, 2 * UNITS, None, Charge(UNITS, 0, UNITS)),
        (UNITS, UNITS - 1, None, Charge(UNITS - 1, 1, UNITS - 1)),
    ],
    ids=["in full", "in part", "not at all", "less than a unit of the token", "in the token", "in the token, in part"],
)
def test_what_cannot_be_charged_stays_owed_in_the_currency_of_the_plan(
    due: int, allowed: int, rate: int | None, charge: Charge
) -> None:
    assert charge_of(due, allowed, rate) == charge


@given(due=AMOUNTS, allowed=AMOUNTS, rate=st.none() | RATES)
def test_a_charge_never_exceeds_what_is_allowed_or_due_and_rounding_is_the_users(
    due: int, allowed: int, rate: int | None
) -> None:
    charge = charge_of(due, allowed, rate)
    assert 0 <= charge.charged_ufix64 <= allowed
    assert charge.paid_ufix64 + charge.owed_ufix64 == due
    assert min(charge.paid_ufix64, charge.owed_ufix64) >= 0
    worth_times_units = charge.charged_ufix64 * (rate or UNITS)
    assert worth_times_units <= charge.paid_ufix64 * UNITS
