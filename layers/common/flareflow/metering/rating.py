"""Rating: what a call weighs by a price book."""

from typing import Protocol

from flareflow.metering.calls import CallRecord, LoggedCall
from flareflow.metering.price_book import PriceBook


class PriceBooks(Protocol):
    """The price books and the epochs from which they are in force."""

    def in_force(self, epoch: int | None) -> PriceBook:
        """The book that rates what is counted under an epoch that is or was open; None: before the first was opened.

        It is the same whenever it is asked for. Raises StorageUnavailableError.
        """


class BookRegister(Protocol):
    """Where books are put in force."""

    def put_in_force(self, book: PriceBook, from_epoch: int) -> None:
        """Rate by `book` what is counted under `from_epoch` and those after it, until the next book.

        Raises ConflictError `epoch_has_its_book` when that epoch was opened already, or another book begins with it.
        """


def rate(book: PriceBook, call: LoggedCall | CallRecord) -> int | None:
    """What a call weighs, in rated micro-tokens; None when it used what has no price in the book.

    A row that tells neither what was used nor what that cost has a price only where each request has one.
    """
    rated = book.price(call.answering_model, call.base_model).rate(call)
    return rated or (None if isinstance(call, LoggedCall) and call.tells_nothing else rated)
