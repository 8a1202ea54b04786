"""The price books in UsageTable, and the epochs from which each is in force."""

import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.book_kinds import BOOK_IN_FORCE, PRICE_BOOK
from flareflow.adapters.dynamodb.epoch_usage import check_of_not_opened, read_open_epoch
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT
from flareflow.errors import BrokenRuleError, ConflictError
from flareflow.keccak import keccak256
from flareflow.metering.price_book import PriceBook

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

TEXT_BYTES_MAX: Final = 16 * 1024 * 1024
PACKED_BYTES_MAX: Final = 380_000
"""An item has at most 400 kB. A book of 4,000 models takes a tenth of that."""
EPOCHS_REMEMBERED: Final = 8
LISTED_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class DynamoPriceBooks:
    """`PriceBooks` and `BookRegister` over UsageTable.

    `first` is the book that ships with the code. The first time that a book is needed, it is stored as in force from
    epoch 0; from then on the code's own book does not matter.
    """

    table: "Table"
    first: PriceBook
    _known: dict[int, PriceBook] = field(default_factory=dict)

    def in_force(self, epoch: int | None) -> PriceBook:
        if epoch is None:
            return self.first
        if epoch not in self._known:
            book = self._stored(epoch) or self._stored_first(epoch)
            if len(self._known) >= EPOCHS_REMEMBERED:
                self._known.clear()
            self._known[epoch] = book
        return self._known[epoch]

    def newest(self) -> PriceBook:
        """The book in force at the open epoch, by reading alone."""
        opened = read_open_epoch(self.table)
        return (opened and self._stored(opened.epoch)) or self.first

    def listed(self) -> Sequence[tuple[int, bytes]]:
        """(first epoch, hash) of the newest books, newest first; none before the first was stored."""
        with translating("list the price books"):
            found = self.table.query(
                KeyConditionExpression=BOOK_IN_FORCE.all_of(), ScanIndexForward=False, Limit=LISTED_MAX
            )["Items"]
        return [(BOOK_IN_FORCE.number(one, "epoch"), bytes.fromhex(str(one["hash"]))) for one in found]

    def put_in_force(self, book: PriceBook, from_epoch: int) -> None:
        try:
            self._put(book, from_epoch, {"ConditionCheck": check_of_not_opened(from_epoch)})
        except ConditionFailedError as error:
            message = f"epoch {from_epoch} is open or over, or has a price book already"
            raise ConflictError("epoch_has_its_book", message) from error

    def _stored_first(self, epoch: int) -> PriceBook:
        """Store the first book; when another invocation is faster, its book."""
        with suppress(ConditionFailedError):
            self._put(self.first, 0)
        stored = self._stored(epoch)
        if stored is None:
            raise BrokenRuleError(f"no price book is in force at epoch {epoch}")
        return stored

    def _put(self, book: PriceBook, from_epoch: int, *checks: dict[str, Any]) -> None:
        packed = zlib.compress(book.canonical_json.encode("ascii"), level=9)
        if len(packed) > PACKED_BYTES_MAX:
            raise BrokenRuleError(f"a price book has at most {PACKED_BYTES_MAX} bytes when packed, not {len(packed)}")
        name = book.hash.hex()
        puts = (
            {"Put": {"Item": PRICE_BOOK.key(hash=name) | {"text": packed}}},
            {"Put": {"Item": BOOK_IN_FORCE.key(epoch=from_epoch) | {"hash": name}, "ConditionExpression": ABSENT}},
        )
        actions: Any = [
            {kind: {"TableName": self.table.name, **what} for kind, what in action.items()}
            for action in (*checks, *puts)
        ]
        with translating(f"put a price book in force from epoch {from_epoch}"):
            self.table.meta.client.transact_write_items(TransactItems=actions)

    def _stored(self, epoch: int) -> PriceBook | None:
        first, last = BOOK_IN_FORCE.sort_key(epoch=0), BOOK_IN_FORCE.sort_key(epoch=epoch)
        started = Key("pk").eq(BOOK_IN_FORCE.partition()) & Key("sk").between(first, last)
        with translating(f"find the price book of epoch {epoch}"):
            found = self.table.query(
                KeyConditionExpression=started, ScanIndexForward=False, Limit=1, ConsistentRead=True
            )["Items"]
        return self._book(str(found[0]["hash"])) if found else None

    def _book(self, name: str) -> PriceBook:
        """A book by its hash in hex; one that another epoch has shown is not read again."""
        known = next((book for book in self._known.values() if book.hash.hex() == name), None)
        return known or self._read(name)

    def _read(self, name: str) -> PriceBook:
        key = PRICE_BOOK.key(hash=name)
        with translating(f"read the price book {name}"):
            [item] = self.table.query(
                KeyConditionExpression=Key("pk").eq(key["pk"]) & Key("sk").eq(key["sk"]), ConsistentRead=True
            )["Items"]
        text = zlib.decompressobj().decompress(bytes(item["text"]), TEXT_BYTES_MAX)  # type: ignore[arg-type]
        if keccak256(text).hex() != name:
            raise BrokenRuleError(f"the price book {name} has another hash than its name")
        return PriceBook.model_validate_json(text)
