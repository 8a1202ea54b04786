"""The list of statements."""

import pytest

from flareflow.statements.public_view import LIST_MAX, ListStatements
from tests.unit.statements.sealing import Sealing


@pytest.fixture
def sealing() -> Sealing:
    return Sealing()


@pytest.fixture
def listing(sealing: Sealing) -> ListStatements:
    return ListStatements(sealing.statements)


def test_statements_are_listed_newest_first_in_parts_that_join(sealing: Sealing, listing: ListStatements) -> None:
    # Given more statements than one answer lists
    for _ in range(LIST_MAX + 3):
        sealing.count(1, 1)
        sealing.seal()
    # When the list is read to its end
    first = listing.newest_first(before=None)
    second = listing.newest_first(first.next_cursor)
    # Then every statement is there once, with its hash
    listed = [*first.statements, *second.statements]
    assert second.next_cursor is None
    assert [entry.epoch for entry in listed] == sorted(sealing.statements.kept, reverse=True)
    assert all(entry.statement_hash == sealing.statements.kept[entry.epoch].hash for entry in listed)
    assert listing.newest_epoch() == listed[0].epoch


def test_without_statements_the_list_is_empty(listing: ListStatements) -> None:
    assert listing.newest_first(before=None).statements == ()
    assert listing.newest_epoch() is None
