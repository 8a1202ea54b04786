"""What anybody may read of sealed statements."""

import pytest

from flareflow.errors import NotFoundError
from flareflow.merkle import fold
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX
from flareflow.statements.public_view import LIST_MAX, ReadStatements
from tests.unit.statements.sealing import Sealing


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


@pytest.fixture
def reading(sealing: Sealing) -> ReadStatements:
    return ReadStatements(sealing.statements, sealing.documents)


def test_before_sealing_there_is_no_statement(reading: ReadStatements) -> None:
    with pytest.raises(NotFoundError, match="no sealed statement"):
        reading.statement(1_000)


def test_a_page_comes_with_its_path_to_the_attested_root(sealing: Sealing, reading: ReadStatements) -> None:
    # Given a statement with three pages
    for subscription_id in range(2 * PAGE_SUBSCRIPTIONS_MAX + 1):
        sealing.count(subscription_id, 1)
    statement = sealing.seal().statement
    # When each is read
    found = [reading.page(1_000, number) for number in range(3)]
    # Then its hash and path lead to the settlement root
    assert [page.page.number for page in found] == [0, 1, 2]
    assert {fold(page.page.hash, page.path) for page in found} == {statement.settlement_root}


def test_there_is_no_page_after_the_last(sealing: Sealing, reading: ReadStatements) -> None:
    sealing.count(1, 1)
    sealing.seal()
    with pytest.raises(NotFoundError, match="has 1 pages"):
        reading.page(1_000, 1)


def test_a_leaf_comes_with_its_proof(sealing: Sealing, reading: ReadStatements) -> None:
    for subscription_id in range(1, 8):
        sealing.count(subscription_id, 10 * subscription_id)
    statement = sealing.seal().statement
    found = reading.leaf(1_000, 5)
    assert found.leaf.usage.rated_microtokens == 50_000_000
    assert fold(found.leaf.hash, found.proof) == statement.usage_root


def test_a_subscription_that_used_nothing_has_no_leaf(sealing: Sealing, reading: ReadStatements) -> None:
    sealing.count(1, 1)
    sealing.seal()
    with pytest.raises(NotFoundError, match="Subscription 2 is not in epoch 1000"):
        reading.leaf(1_000, 2)


def test_statements_are_listed_newest_first_in_parts_that_join(sealing: Sealing, reading: ReadStatements) -> None:
    # Given more statements than one answer lists
    for _ in range(LIST_MAX + 3):
        sealing.count(1, 1)
        sealing.seal()
    # When the list is read to its end
    first = reading.newest_first(before=None)
    second = reading.newest_first(first.next_cursor)
    # Then every statement is there once, with its hash
    listed = [*first.statements, *second.statements]
    assert second.next_cursor is None
    assert [entry.epoch for entry in listed] == sorted(sealing.statements.kept, reverse=True)
    assert all(entry.statement_hash == sealing.statements.kept[entry.epoch].statement.hash for entry in listed)
    assert reading.newest_epoch() == listed[0].epoch


def test_without_statements_the_list_is_empty(reading: ReadStatements) -> None:
    assert reading.newest_first(before=None).statements == ()
    assert reading.newest_epoch() is None
