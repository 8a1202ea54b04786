"""`PriceBooks` and `BookRegister` over a real table with its conditions and transactions."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.price_books import DynamoPriceBooks
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import ConflictError
from flareflow.metering.price_book import PriceBook
from infra.price_book.__main__ import FILE
from tests.fakes.metering import EVEN_BOOK, NOW, FakePriceBooks, row
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack

LARGE_BOOK = PriceBook.model_validate_json(FILE.read_bytes())
type Fresh = Callable[[], DynamoPriceBooks]


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    """The usage table; epoch 10 is open in it."""
    with fresh_table("UsageTable") as table:
        DynamoUsageEvents(table, time.sleep, FakePriceBooks()).open_epoch_if_none(10)
        yield table


@pytest.fixture
def books(table: "Table") -> Fresh:
    """Each time as another invocation of a function sees them."""
    return lambda: DynamoPriceBooks(table, EVEN_BOOK)


def test_a_book_of_five_thousand_models_is_in_force_from_its_epoch_on(books: Fresh) -> None:
    assert books().in_force(10).hash == EVEN_BOOK.hash
    books().put_in_force(LARGE_BOOK, 12)
    assert [books().in_force(epoch).hash for epoch in (11, 12, 13)] == [EVEN_BOOK.hash, *[LARGE_BOOK.hash] * 2]
    assert books().newest().hash == EVEN_BOOK.hash


def test_no_book_begins_with_an_epoch_that_is_open_or_has_one(table: "Table", books: Fresh) -> None:
    books().put_in_force(LARGE_BOOK, 12)
    DynamoEpochUsage(table, time.sleep).close(10, 13)
    for epoch in (0, 9, 10, 12, 13):
        with pytest.raises(ConflictError):
            books().put_in_force(EVEN_BOOK, epoch)
    assert books().newest().hash == LARGE_BOOK.hash


def test_what_is_counted_names_the_book_of_its_epoch(table: "Table", books: Fresh) -> None:
    # Given a book that begins with the next epoch
    books().in_force(10)
    books().put_in_force(LARGE_BOOK, 11)
    usage = DynamoUsageEvents(table, time.sleep, books())
    # When one row is counted before and one after
    usage.count([row("a")], NOW)
    DynamoEpochUsage(table, time.sleep).close(10, 11)
    DynamoUsageEvents(table, time.sleep, books()).count([row("b")], NOW)
    # Then each is rated by its book
    deltas = DynamoEpochUsage(table, time.sleep)
    assert deltas.deltas(10)[1].rated_microtokens == 10 * 1_000_000
    assert deltas.deltas(11)[1].rated_microtokens == 9 * 480_000 + 1_920_000


def test_the_books_are_listed_newest_first(books: Fresh) -> None:
    books().in_force(0)
    books().put_in_force(LARGE_BOOK, 20)
    assert books().listed() == [(20, LARGE_BOOK.hash), (0, EVEN_BOOK.hash)]
