"""Transactions of the books: each sums to zero in every unit and names its cause."""

import pytest

from flareflow.books.transactions import Balances, BookLine, Transaction, Unit, attested, metered, of_case, of_entry
from flareflow.errors import BrokenRuleError
from flareflow.metering.cases import Case, CaseKind
from flareflow.settlement.entries import Entry, Line
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency
from tests.unit.settlement.test_chain_events import AT


def test_a_transaction_sums_to_zero_in_each_unit() -> None:
    lines = BookLine("a", Unit.TOKEN, -1), BookLine("b", Unit.USD, 1)
    with pytest.raises(BrokenRuleError, match="sum to zero"):
        Transaction("statement:1", lines)


def test_a_transaction_names_its_cause() -> None:
    with pytest.raises(BrokenRuleError, match="no cause"):
        Transaction("", ())


def test_each_kind_of_transaction_names_where_it_comes_from() -> None:
    entry = Entry(7, Position(3, 1, 2), AT, "ab" * 32, "ToppedUp", (Line("wallet:0x1", -5), Line("subscriber:7", 5)))
    assert of_entry(entry).cause == "chain:3.1.2"
    assert metered(100, 7, 5).cause == "statement:100"
    assert attested(100, 7, 5).cause == "attestation:100"
    waiting = Case(CaseKind.ROW, "key_unknown", "row-1", AT, body="{}")
    assert [one.cause for one in of_case(waiting)] == ["case:row#key_unknown#row-1"]


def test_a_bill_in_dollars_is_kept_in_dollars_and_its_charge_in_the_token() -> None:
    charge = Entry(
        7,
        Position(3, 0, 0),
        AT,
        "ab" * 32,
        "Settled",
        (Line("subscriber:7", -4), Line("revenue", 4)),
        currency=Currency.USD,
        paid_ufix64=10,
        rate_ufix64=250_000_000,
        owed_change_ufix64=3,
        epoch=100,
        settled_microtokens=50,
    )
    balances = Balances()
    balances.add([of_entry(charge)])
    assert balances.of("billed:7", Unit.USD) == -13
    assert balances.of("paid:7", Unit.USD) == 10
    assert balances.of("owed:7", Unit.USD) == 3
    assert balances.of("revenue", Unit.TOKEN) == 4
    assert balances.of("settled:7", Unit.USAGE) == 50


def test_a_difference_between_two_sources_moves_no_call() -> None:
    assert list(of_case(Case(CaseKind.DIFFERENCE, "billed_less", "key-1", AT, body="{}"))) == []


def test_only_accounts_outside_the_books_may_be_negative() -> None:
    balances = Balances()
    balances.add([metered(1, 7, 5), attested(1, 7, 6)])
    assert list(balances.overdrawn()) == ["metered:7 has -1 rated_microtokens"]
