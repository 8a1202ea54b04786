"""What everybody may know of the whole: how much is deposited, charged and attested, and how reliable it was."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol, Self

from flareflow.attestation.models import Attestation, State
from flareflow.settlement.health import Health, System
from flareflow.settlement.pricing import Currency
from flareflow.settlement.status import ReadStatus, Status
from flareflow.settlement.subscription import Subscription
from flareflow.statements.models import Statement
from flareflow.time import Clock, Deadline

DAYS_TOLD: Final = 90
PAGES_MAX: Final = 20
"""Pages of subscriptions that one tick adds up; the next tick goes on."""
PAGE: Final = 100
STATEMENTS_COUNTED_MAX: Final = 1_000
STATEMENTS_LOOKED_AT: Final = 20
PROVEN: Final = frozenset({State.PROVEN, State.CONFIRMED_ON_FLOW, State.SETTLED})


@dataclass(frozen=True, slots=True)
class Books:
    """The sums of subscriptions, in 1e-8 of the token of the deposits; `owed_dollars_ufix64` in 1e-8 dollars.

    `unreadable`: subscriptions that are left out, because what is stored of them cannot be read.
    """

    subscriptions: int = 0
    unreadable: int = 0
    deposited_ufix64: int = 0
    credited_ufix64: int = 0
    charged_ufix64: int = 0
    withdrawn_ufix64: int = 0
    refunded_ufix64: int = 0
    balance_ufix64: int = 0
    owed_ufix64: int = 0
    owed_dollars_ufix64: int = 0
    settled_microtokens: int = 0

    @classmethod
    def of(cls, one: Subscription) -> Self:
        is_in_dollars = one.tariff.currency is Currency.USD
        return cls(
            subscriptions=1,
            deposited_ufix64=one.deposited_ufix64,
            credited_ufix64=one.credited_ufix64,
            charged_ufix64=one.charged_ufix64,
            withdrawn_ufix64=one.withdrawn_ufix64,
            refunded_ufix64=one.refunded_ufix64,
            balance_ufix64=one.balance_ufix64,
            owed_ufix64=0 if is_in_dollars else one.owed_ufix64,
            owed_dollars_ufix64=one.owed_ufix64 if is_in_dollars else 0,
            settled_microtokens=one.settled_microtokens,
        )

    def __add__(self, other: "Books") -> "Books":
        return Books(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Sums:
    """The last whole sums, and how far the next ones are: `counted` up to subscription `after`, since `began_at`.

    `as_of`: when the whole sums were begun. `statements`: how many there are up to epoch `through_epoch`.
    """

    books: Books | None = None
    as_of: datetime | None = None
    counted: Books = Books()
    after: int | None = None
    began_at: datetime | None = None
    statements: int = 0
    through_epoch: int = -1


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """Some subscriptions by rising id; `last` is the last id, None where there are no more."""

    subscriptions: Sequence[Subscription]
    unreadable: int
    last: int | None


class SubscriptionsInOrder(Protocol):
    """All subscriptions of the ledger."""

    def part(self, after: int | None, limit: int) -> LedgerPart:
        """The next ones after an id; from the first one on where it is None."""


class KeptStatistics(Protocol):
    """Where statistics are kept."""

    def sums(self) -> Sums: ...

    def keep(self, sums: Sums) -> None: ...

    def note_status(self, day: date, status: Status) -> None:
        """Count what each system was at one more tick of a day."""

    def days(self, since: date, limit: int) -> Sequence["DayOfStatus"]:
        """The days from one on of which something was noted, newest first."""


@dataclass(frozen=True, slots=True)
class DayOfStatus:
    """How often, at the ticks of a day in UTC, each system was of which health.

    `lag_seconds` is the mean over the ticks of how long ago the oldest epoch ended that was not settled.
    """

    day: date
    ticks: int
    lag_seconds: int
    systems: Mapping[System, Mapping[Health, int]]


class ListedStatements(Protocol):
    """The sealed statements."""

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        """(epoch, hash), newest first."""

    def get(self, epoch: int) -> Statement | None: ...

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        """The next epochs with a statement after one, in their order."""


class Begun(Protocol):
    """The stored attestations."""

    def of(self, epochs: Collection[int]) -> Mapping[int, Attestation]:
        """Those of these epochs that were begun."""


class BooksInForce(Protocol):
    """The price books."""

    def listed(self) -> Sequence[tuple[int, bytes]]:
        """(first epoch, hash) of the newest books, newest first."""


@dataclass(frozen=True, slots=True)
class KeepStatistics:
    """At each tick: count what each system is now, and go on adding up the ledger."""

    status: ReadStatus
    subscriptions: SubscriptionsInOrder
    statements: ListedStatements
    kept: KeptStatistics

    def run(self, now: datetime, deadline: Deadline) -> None:
        self.kept.note_status(now.date(), self.status.run())
        sums = self._with_statements(self.kept.sums())
        self.kept.keep(self._with_subscriptions(sums, now, deadline))

    def _with_statements(self, sums: Sums) -> Sums:
        found = self.statements.after(sums.through_epoch, STATEMENTS_COUNTED_MAX)
        if not found:
            return sums
        return replace(sums, statements=sums.statements + len(found), through_epoch=found[-1])

    def _with_subscriptions(self, sums: Sums, now: datetime, deadline: Deadline) -> Sums:
        if sums.began_at is None:
            sums = replace(sums, began_at=now)
        for _ in range(PAGES_MAX):
            part = self.subscriptions.part(sums.after, PAGE)
            if part.last is None:
                begun_anew = replace(sums, counted=Books(), after=None, began_at=None)
                return replace(begun_anew, books=sums.counted, as_of=sums.began_at)
            counted = sum(map(Books.of, part.subscriptions), sums.counted + Books(unreadable=part.unreadable))
            sums = replace(sums, counted=counted, after=part.last)
            if deadline.is_near():
                break
        return sums


@dataclass(frozen=True, slots=True)
class Attested:
    """The totals of the newest statement that is proven: of all usage since the beginning, up to the epoch's end."""

    epoch: int
    statement_hash: bytes
    ends_at: datetime
    subscriptions: int
    rated_microtokens: int


@dataclass(frozen=True, slots=True)
class BookInForce:
    """A price book by its hash, and the epoch from which it rates."""

    from_epoch: int
    price_book_hash: bytes


@dataclass(frozen=True, slots=True)
class Statistics:
    """`statements`: how many there are. `attested`: None before the first proof, or where it is long ago.

    `books`: None before they were added up for the first time, as of `books_as_of`.
    """

    at: datetime
    statements: int
    newest_statement: int | None
    lag_seconds: int
    attested: Attested | None
    books: Books | None
    books_as_of: datetime | None
    price_books: Sequence[BookInForce]


@dataclass(frozen=True, slots=True)
class ReadStatistics:
    """Read what is kept; no more than some 30 items, whatever the load."""

    status: ReadStatus
    statements: ListedStatements
    attestations: Begun
    price_books: BooksInForce
    kept: KeptStatistics
    clock: Clock

    def run(self) -> Statistics:
        pipeline, sums = self.status.run().pipeline, self.kept.sums()
        return Statistics(
            at=self.clock(),
            statements=sums.statements,
            newest_statement=pipeline.newest_statement,
            lag_seconds=pipeline.lag_seconds,
            attested=self._attested(),
            books=sums.books,
            books_as_of=sums.as_of,
            price_books=[BookInForce(epoch, digest) for epoch, digest in self.price_books.listed()],
        )

    def days(self) -> Sequence[DayOfStatus]:
        """The last `DAYS_TOLD` days, newest first; a day without any tick is missing."""
        return self.kept.days(self.clock().date() - timedelta(days=DAYS_TOLD - 1), DAYS_TOLD)

    def _attested(self) -> Attested | None:
        listed = dict(self.statements.list(None, STATEMENTS_LOOKED_AT))
        begun = self.attestations.of(list(listed))
        proven = [epoch for epoch in listed if epoch in begun and begun[epoch].state in PROVEN]
        statement = self.statements.get(max(proven)) if proven else None
        if statement is None:
            return None
        return Attested(
            epoch=statement.epoch,
            statement_hash=statement.hash,
            ends_at=self.status.epochs.end(statement.epoch),
            subscriptions=statement.subscription_count,
            rated_microtokens=statement.total_rated_microtokens,
        )
