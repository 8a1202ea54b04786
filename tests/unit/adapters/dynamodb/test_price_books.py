"""Price books in the usage table: each is in force from an epoch that was not open when it was put there."""

import zlib

import pytest

from flareflow.adapters.dynamodb.book_kinds import PRICE_BOOK
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import BrokenRuleError, ConflictError
from flareflow.metering.price_book import Price, PriceBook
from tests.fakes.metering import EVEN_BOOK, FakePriceBooks
from tests.support.memory_table import MemoryTable


def book(weight: int) -> PriceBook:
    return PriceBook(version=1, title="", models={}, default=Price(prompt=weight, completion=weight))


@pytest.fixture
def table() -> MemoryTable:
    """A table in which epoch 10 is open."""
    table = MemoryTable()
    DynamoUsageEvents(table.as_table(), lambda _: None, FakePriceBooks()).open_epoch_if_none(10)
    return table


def books(table: MemoryTable, first: PriceBook = EVEN_BOOK) -> DynamoPriceBooks:
    """As another invocation of a function sees them."""
    return DynamoPriceBooks(table.as_table(), first)


def test_the_first_book_is_in_force_from_the_beginning_and_another_deployment_changes_nothing(
    table: MemoryTable,
) -> None:
    assert books(table).in_force(10).hash == EVEN_BOOK.hash
    assert books(table, book(5)).in_force(10).hash == EVEN_BOOK.hash
    assert books(table, book(5)).in_force(3).hash == EVEN_BOOK.hash


def test_before_an_epoch_was_opened_the_book_that_ships_is_shown_and_nothing_is_stored() -> None:
    table = MemoryTable()
    assert (books(table).in_force(None), books(table).newest()) == (EVEN_BOOK, EVEN_BOOK)
    assert table.items == {}


def test_a_book_is_in_force_from_its_epoch_on(table: MemoryTable) -> None:
    books(table).in_force(10)
    books(table).put_in_force(book(2), 12)
    books(table).put_in_force(book(3), 20)
    found = books(table)
    expected = (EVEN_BOOK, EVEN_BOOK, book(2), book(2), book(3), book(3))
    assert [found.in_force(epoch).hash for epoch in (10, 11, 12, 19, 20, 21)] == [one.hash for one in expected]
    assert books(table).newest().hash == EVEN_BOOK.hash


@pytest.mark.parametrize("epoch", [0, 9, 10])
def test_no_book_begins_with_an_epoch_that_was_opened(table: MemoryTable, epoch: int) -> None:
    books(table).in_force(10)
    with pytest.raises(ConflictError) as refused:
        books(table).put_in_force(book(2), epoch)
    assert refused.value.code == "epoch_has_its_book"
    assert books(table).in_force(10).hash == EVEN_BOOK.hash


def test_an_epoch_that_was_opened_meanwhile_keeps_its_book(table: MemoryTable) -> None:
    # Given an epoch that is opened between the operator's decision and the write
    books(table).in_force(10)
    DynamoEpochUsage(table.as_table(), lambda _: None).close(10, 12)
    # Then the book is refused for it, and may begin with the next
    with pytest.raises(ConflictError):
        books(table).put_in_force(book(2), 12)
    books(table).put_in_force(book(2), 13)
    assert books(table).in_force(12).hash == EVEN_BOOK.hash


def test_an_epoch_gets_one_book_only(table: MemoryTable) -> None:
    books(table).put_in_force(book(2), 12)
    with pytest.raises(ConflictError):
        books(table).put_in_force(book(3), 12)
    assert books(table).in_force(12).hash == book(2).hash


def test_a_book_that_was_changed_in_the_table_is_not_used(table: MemoryTable) -> None:
    books(table).in_force(10)
    [stored] = [item for item in table.items.values() if PRICE_BOOK.matches(item)]
    stored["text"] = zlib.compress(book(1).canonical_json.encode())
    with pytest.raises(BrokenRuleError, match="another hash"):
        books(table).in_force(10)


def test_a_book_that_fits_into_no_item_is_refused(table: MemoryTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flareflow.adapters.dynamodb.price_books.PACKED_BYTES_MAX", 10)
    with pytest.raises(BrokenRuleError, match="at most 10 bytes"):
        books(table).put_in_force(book(2), 12)


def test_a_book_is_read_once_however_many_epochs_it_rates(table: MemoryTable) -> None:
    found = books(table)
    assert found.in_force(10) is found.in_force(11) is found.in_force(12)
