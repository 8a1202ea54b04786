"""The contracts of both ports `Statements`, kept by the fake and by DynamoDB alike."""

import time
from dataclasses import replace

import pytest

from flareflow.adapters.dynamodb.ledger_kinds import SETTLED
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals, DynamoStatements
from flareflow.errors import BrokenRuleError
from flareflow.statements.models import NO_HASH, Statement
from tests.fakes.statements import FakeStatements
from tests.support.dynamodb import fresh_table

type Statements = FakeStatements | DynamoStatements

SEALED = Statement(
    epoch=1_000,
    window_start=300_000,
    window_end=300_300,
    usage_root=b"\x11" * 32,
    settlement_root=b"\x22" * 32,
    subscription_count=3,
    total_rated_microtokens=2**80,
    price_book_hash=b"\x33" * 32,
    receipt_key_hash=b"\x44" * 32,
    meter_hash=b"\x55" * 32,
    previous_statement_hash=bytes(32),
)


def of_epoch(epoch: int) -> Statement:
    return replace(SEALED, epoch=epoch)


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def statements(request: pytest.FixtureRequest) -> Statements:
    return FakeStatements() if request.param == "fake" else DynamoStatements(request.getfixturevalue("table"))


def test_a_statement_is_read_back_as_it_was_sealed(statements: Statements) -> None:
    assert statements.get(1_000) is None
    statements.put(SEALED)
    assert statements.get(1_000) == SEALED


def test_sealing_the_same_again_changes_nothing(statements: Statements) -> None:
    statements.put(SEALED)
    statements.put(SEALED)
    assert len(statements.list(before=None, limit=10)) == 1


def test_a_sealed_statement_never_changes(statements: Statements) -> None:
    statements.put(SEALED)
    with pytest.raises(BrokenRuleError, match="epoch 1000 has another statement already"):
        statements.put(replace(SEALED, total_rated_microtokens=1))
    assert statements.get(1_000) == SEALED


def test_the_statement_before_an_epoch_is_the_last_earlier_one(statements: Statements) -> None:
    # Epochs of different length in digits: text order must be number order
    for epoch in (9, 10, 1_000):
        statements.put(of_epoch(epoch))
    assert statements.before(1_000) == of_epoch(10)
    assert statements.before(10) == of_epoch(9)
    assert statements.before(9) is None


def test_statements_are_listed_newest_first(statements: Statements) -> None:
    for epoch in (9, 10, 1_000):
        statements.put(of_epoch(epoch))
    assert [epoch for epoch, _ in statements.list(before=None, limit=2)] == [1_000, 10]
    assert statements.list(before=10, limit=2) == [(9, of_epoch(9).hash)]


def test_attesting_starts_from_the_newest_statement_as_it_was_sealed(statements: Statements) -> None:
    # Given two sealed statements
    assert statements.newest() is None
    statements.put(of_epoch(999))
    statements.put(SEALED)
    # When attestation asks for the newest
    newest = statements.newest()
    # Then it gets the attested values, as integers
    assert newest is not None
    assert newest.words == (
        1_000,
        300_000,
        300_300,
        *(int.from_bytes(byte * 32) for byte in (b"\x11", b"\x22")),
        3,
        2**80,
        *(int.from_bytes(byte * 32) for byte in (b"\x33", b"\x44", b"\x55")),
        0,
    )
    assert newest.settles_something
    # And a newer one without anything to settle says so
    nothing = replace(SEALED, epoch=1_001, settlement_root=NO_HASH)
    statements.put(nothing)
    assert statements.newest() == nothing
    assert not nothing.settles_something


@pytest.mark.stack
@pytest.mark.usefixtures("server")
def test_settled_totals_are_read_to_the_last_query_page() -> None:
    # Given more items than one query answer of 1 MB has
    padding = "x" * 300_000
    with fresh_table(extra_attributes={"padding"}) as table:
        with table.batch_writer() as batch:
            for subscription_id in range(1, 9):
                total = {"settled_microtokens": 10 * subscription_id, "padding": padding}
                batch.put_item(Item=SETTLED.key(subscription_id=subscription_id) | total)
        # When they are read
        settled = DynamoSettledTotals(table, time.sleep).all()
    # Then none is missing
    assert settled == {subscription_id: 10 * subscription_id for subscription_id in range(1, 9)}
