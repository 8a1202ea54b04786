"""What a statement adds is the difference of its totals to those of the statement before it."""

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.statements.added import StatementTotals
from tests.unit.statements.sealing import Sealing, tokens


def test_a_statement_adds_what_was_counted_in_its_epoch() -> None:
    # Given two statements, of which the second has one subscription more and one that did not change
    sealing = Sealing()
    sealing.count(1, 10)
    sealing.count(2, 20)
    first = sealing.seal().epoch
    sealing.count(2, 5)
    sealing.count(3, 7)
    second = sealing.seal().epoch
    # When they are read
    totals = StatementTotals(sealing.statements, sealing.documents)
    # Then each adds what its own epoch has used
    assert totals.added_by(first) == {1: tokens(10), 2: tokens(20)}
    assert totals.added_by(second) == {2: tokens(5), 3: tokens(7)}
    assert totals.epochs_after(-1, 10) == [first, second]
    assert totals.epochs_after(first, 10) == [second]
    assert totals.epochs_after(-1, 1) == [first]


def test_an_epoch_without_a_statement_adds_nothing_that_could_be_read() -> None:
    sealing = Sealing()
    with pytest.raises(BrokenRuleError, match="no statement"):
        StatementTotals(sealing.statements, sealing.documents).added_by(7)
