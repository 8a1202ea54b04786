"""What settled calls have cost, and the rules of FOCUS 1.2 for its columns."""

import csv
import io
import json
import re
from decimal import Context, Decimal

import pytest

from flareflow.accounts.focus import COLUMNS
from flareflow.accounts.usage_queries import Span, UsageState
from flareflow.errors import ConflictError, NotFoundError, StorageUnavailableError
from flareflow.settlement.pricing import Currency
from tests.fakes.accounts import BOB
from tests.unit.accounts.focus_costs import FIRST, Costs

EXACT = Context(prec=80)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NUMBER = re.compile(r"-?\d+\.\d+")
NUMERIC = {name for name in COLUMNS if name.endswith(("Cost", "Price", "Quantity"))}
NULL = {"ChargeClass", "CommitmentDiscountStatus"}
"""No line is a correction of an earlier period, and there are no discounts."""


@pytest.fixture
def costs() -> Costs:
    return Costs()


def lines(costs: Costs) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(costs.table())))


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(one[column]) for one in rows), Decimal(0))


def test_a_charge_is_split_by_key_and_model_at_one_price(costs: Costs) -> None:
    # Given 3,000 rated tokens of two models, charged 0.06 FLOW
    costs.call(FIRST, "gpt-4o", 1_000_000_000)
    costs.call(FIRST, "gpt-4o", 500_000_000)
    costs.call(FIRST, "o3", 1_500_000_000)
    costs.charge(FIRST, 3_000_000_000, 6_000_000)
    # When it is exported
    rows = lines(costs)
    # Then each model has its part, in FLOW and at a quarter of a dollar for one
    assert [(one["SkuId"], one["x_CallCount"]) for one in rows] == [("gpt-4o", "2"), ("o3", "1")]
    assert {one["PricingCurrency"] for one in rows} == {"FLOW"}
    assert total(rows, "PricingCurrencyEffectiveCost") == Decimal("0.06")
    assert total(rows, "BilledCost") == Decimal("0.015")
    assert {one["x_DollarsForToken"] for one in rows} == {"0.25"}


def test_a_plan_in_dollars_costs_what_its_bill_says(costs: Costs) -> None:
    # Given a bill of a dollar, of which 40 cents could not be charged, and no rate that is known
    costs.rates.last = None
    costs.call(FIRST)
    costs.charge(FIRST, 1_000_000_000, 60_000_000, Currency.USD, owed_change_ufix64=40_000_000)
    # Then it has cost a dollar
    [line] = lines(costs)
    assert (line["PricingCurrency"], Decimal(line["BilledCost"]), line["x_DollarsForToken"]) == ("USD", Decimal(1), "")


def test_dollars_stay_dollars_beside_costs_in_the_token(costs: Costs) -> None:
    # Given a plan that was changed from the token to dollars, and a known rate
    costs.call(FIRST)
    costs.charge(FIRST, 1_000_000_000, 100_000_000)
    costs.call(FIRST + 1)
    costs.charge(FIRST + 1, 1_000_000_000, 100_000_000, Currency.USD)
    # Then a token is a quarter of a dollar, and a dollar is a dollar
    assert [Decimal(one["BilledCost"]) for one in lines(costs)] == [Decimal(1), Decimal("0.25")]


def test_an_epoch_is_charged_by_the_next_statement_that_was_settled(costs: Costs) -> None:
    # Given two epochs, of which the second was settled with both, after an earlier one with another price
    costs.call(FIRST - 1)
    costs.charge(FIRST - 1, 1_000_000_000, 9_000_000)
    costs.call(FIRST)
    costs.call(FIRST + 1)
    costs.charge(FIRST + 1, 2_000_000_000, 2_000_000)
    # Then they cost what that charge says
    rows = lines(costs)
    assert [(int(one["x_Epoch"]) - FIRST, Decimal(one["PricingCurrencyEffectiveCost"])) for one in rows] == [
        (1, Decimal("0.01")),
        (0, Decimal("0.01")),
        (-1, Decimal("0.09")),
    ]
    assert {one["x_ChargedInEpoch"] for one in rows[:2]} == {str(FIRST + 1)}


def test_what_is_not_charged_yet_has_no_cost(costs: Costs) -> None:
    for state in (UsageState.PENDING, UsageState.SEALED):
        costs.call(FIRST, state=state)
    assert lines(costs) == []


def test_a_cost_that_cannot_be_told_is_refused(costs: Costs) -> None:
    costs.call(FIRST)
    # When the journal lacks the charge
    with pytest.raises(StorageUnavailableError):
        lines(costs)
    # Or no rate is known
    costs.charge(FIRST, 1_000_000_000, 1)
    costs.rates.last = None
    with pytest.raises(ConflictError, match="rate"):
        lines(costs)
    # Or somebody else asks
    with pytest.raises(NotFoundError):
        costs.reading.run(BOB, 7, Span(None, None), None)


def test_every_line_keeps_the_rules_of_the_columns(costs: Costs) -> None:
    # Given costs that are no round numbers
    costs.call(FIRST, "=HYPERLINK(1)", 333_333_333)
    costs.call(FIRST, "o3", 1)
    costs.charge(FIRST, 333_333_334, 7_000_001)
    for line in lines(costs):
        # Then columns of FOCUS come first, in order, and others have their prefix
        own = [name for name in line if not name.startswith("x_")]
        assert list(line)[: len(own)] == own == sorted(own)
        # And only those are empty that have to be
        assert {name for name, value in line.items() if not value} == NULL
        # And numbers, moments and codes have their forms
        assert [name for name in NUMERIC if not NUMBER.fullmatch(line[name])] == []
        assert [name for name in own if "Period" in name and not MOMENT.fullmatch(line[name])] == []
        assert re.fullmatch("[A-Z]{3}", line["BillingCurrency"])
        assert all(name.startswith("x_") for name in json.loads(line["SkuPriceDetails"]))
        # And each unit price times the quantity is the cost, exactly
        quantity = Decimal(line["PricingQuantity"])
        for price, cost in (
            ("ListUnitPrice", "ListCost"),
            ("ContractedUnitPrice", "ContractedCost"),
            ("PricingCurrencyListUnitPrice", "PricingCurrencyEffectiveCost"),
        ):
            assert EXACT.multiply(Decimal(line[price]), quantity) == Decimal(line[cost])


def test_a_billing_period_is_a_month(costs: Costs) -> None:
    costs.call(FIRST)
    costs.charge(FIRST, 1_000_000_000, 1)
    [line] = lines(costs)
    assert (line["BillingPeriodStart"], line["BillingPeriodEnd"]) == ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    assert (line["ChargePeriodStart"], line["ChargePeriodEnd"]) == ("2026-11-24T12:00:00Z", "2026-11-24T12:05:00Z")
