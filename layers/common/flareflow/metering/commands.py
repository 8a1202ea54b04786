"""Commands of an operator, as the events of directly invoked functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from flareflow.metering.cases import Case
from flareflow.metering.deciding import DecideCases
from flareflow.metering.price_book import PriceBook
from flareflow.metering.rating import BookRegister
from flareflow.metering.receipts import ReceiptKeyRegister, ReceiptKeys

type _Text = Annotated[str, Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Operator:
    """What an operator's commands work on."""

    cases: DecideCases
    books: BookRegister
    receipt_keys: ReceiptKeyRegister


@dataclass(frozen=True, slots=True)
class BookPut:
    """A price book that is in force from an epoch on."""

    price_book_hash: bytes
    from_epoch: int


@dataclass(frozen=True, slots=True)
class ReceiptKeysPut:
    """The keys of receipts that statements name from an epoch on."""

    receipt_key_hash: bytes
    from_epoch: int


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListCases(_Command):
    """The next open cases after one."""

    command: Literal["list"]
    after: str | None = None

    def run(self, operator: Operator, _: datetime) -> Sequence[Case]:
        return operator.cases.list(self.after)


class ShowCase(_Command):
    """One case as a whole."""

    command: Literal["show"]
    case: _Text

    def run(self, operator: Operator, _: datetime) -> Case:
        return operator.cases.show(self.case)


class WriteOff(_Command):
    """Nobody will be billed."""

    command: Literal["write_off"]
    case: _Text
    who: _Text
    why: _Text

    def run(self, operator: Operator, now: datetime) -> Case:
        return operator.cases.write_off(self.case, self.who, self.why, now)


class Credit(_Command):
    """The customer got back what a difference had cost, by a transaction on Flow."""

    command: Literal["credit"]
    case: _Text
    who: _Text
    why: _Text
    transaction: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    def run(self, operator: Operator, now: datetime) -> Case:
        return operator.cases.credit(self.case, self.transaction, self.who, self.why, now)


class Bill(_Command):
    """Bill the row; `row` has the fields that are to be replaced in it."""

    command: Literal["bill"]
    case: _Text
    who: _Text
    why: _Text
    row: Mapping[str, object] = {}

    def run(self, operator: Operator, now: datetime) -> Case:
        return operator.cases.bill(self.case, self.row, self.who, self.why, now)


class DriveAgain(_Command):
    """Try it once more."""

    command: Literal["drive_again"]
    case: _Text
    who: _Text

    def run(self, operator: Operator, now: datetime) -> Case:
        return operator.cases.drive_again(self.case, self.who, now)


class PutPriceBook(_Command):
    """Rate by this book what is counted from an epoch on that is not open yet."""

    command: Literal["put_price_book"]
    book: PriceBook
    from_epoch: Annotated[int, Field(strict=True, ge=1)]
    who: _Text

    def run(self, operator: Operator, _: datetime) -> BookPut:
        operator.books.put_in_force(self.book, self.from_epoch)
        return BookPut(self.book.hash, self.from_epoch)


class PutReceiptKeys(_Command):
    """Name these keys of receipts in the statements of an epoch that is not open yet, and of later ones."""

    command: Literal["put_receipt_keys"]
    receipt_keys: ReceiptKeys
    from_epoch: Annotated[int, Field(strict=True, ge=1)]
    who: _Text

    def run(self, operator: Operator, _: datetime) -> ReceiptKeysPut:
        operator.receipt_keys.put_in_force(self.receipt_keys, self.from_epoch)
        return ReceiptKeysPut(self.receipt_keys.hash, self.from_epoch)


type _Each = ListCases | ShowCase | WriteOff | Credit | Bill | DriveAgain | PutPriceBook | PutReceiptKeys
type Answered = Case | Sequence[Case] | BookPut | ReceiptKeysPut
_COMMAND: TypeAdapter[_Each] = TypeAdapter(Annotated[_Each, Field(discriminator="command")])


def run(operator: Operator, event: Mapping[str, object], now: datetime) -> Answered:
    """Run the command of an event. Raises ValidationError for any other event, and what the command raises."""
    return _COMMAND.validate_python(event).run(operator, now)
