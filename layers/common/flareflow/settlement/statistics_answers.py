"""Answers of the HTTP API about the whole: its books, and how reliable it was."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import PlainSerializer, WithJsonSchema

from flareflow.answers import Answer, Hex, Moment, Number
from flareflow.settlement.health import Health, System

if TYPE_CHECKING:
    from flareflow.settlement.statistics import DayOfStatus

Day = Annotated[
    date,
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-24"]}, mode="serialization"),
]
"""A day in UTC."""


class AttestedAnswer(Answer):
    """The totals of the newest statement that is proven: of all usage since the beginning, up to the epoch's end."""

    epoch: Number
    statement_hash: Hex
    ends_at: Moment
    subscriptions: Number
    rated_microtokens: Number


class BooksAnswer(Answer):
    """The sums of all subscriptions as the chain's events tell them, in 1e-8 of the token of the deposits.

    `owed_dollars_ufix64` is in 1e-8 dollars. `unreadable`: subscriptions that are left out of the sums.
    """

    subscriptions: Number
    unreadable: Number
    deposited_ufix64: Number
    credited_ufix64: Number
    charged_ufix64: Number
    withdrawn_ufix64: Number
    refunded_ufix64: Number
    balance_ufix64: Number
    owed_ufix64: Number
    owed_dollars_ufix64: Number
    settled_microtokens: Number


class BookInForceAnswer(Answer):
    """A price book, and the epoch from which it rates; its text is `/v1/price-books/{hash}`."""

    from_epoch: Number
    price_book_hash: Hex


class StatisticsAnswer(Answer):
    """`lag_seconds`: how long ago the oldest epoch ended that is not settled. `statements`: how many there are.

    `attested` is null while none of the newest 20 statements is proven. `books` is null before it was added up for the
    first time; `books_as_of` is when that was begun. `price_books` are at most 50, newest first.
    """

    at: Moment
    statements: Number
    newest_statement: Number | None
    lag_seconds: Number
    attested: AttestedAnswer | None
    books: BooksAnswer | None
    books_as_of: Moment | None
    price_books: list[BookInForceAnswer]


class SystemDayAnswer(Answer):
    """How often a system was of which health at the ticks of a day."""

    system: System
    ok: Number
    late: Number
    unknown: Number


class DayOfStatusAnswer(Answer):
    """A day; there is a tick every five minutes. `lag_seconds`: the mean age of the oldest epoch not settled."""

    day: Day
    ticks: Number
    lag_seconds: Number
    systems: list[SystemDayAnswer]

    @classmethod
    def of_day(cls, day: "DayOfStatus") -> Self:
        systems = [
            SystemDayAnswer(system=system, **{health.value: counts[health] for health in Health})
            for system, counts in day.systems.items()
        ]
        return cls(day=day.day, ticks=day.ticks, lag_seconds=day.lag_seconds, systems=systems)


class DaysOfStatusAnswer(Answer):
    """The last 90 days, newest first; a day without any tick is missing."""

    days: list[DayOfStatusAnswer]

    @classmethod
    def of_days(cls, days: Sequence["DayOfStatus"]) -> Self:
        return cls(days=list(map(DayOfStatusAnswer.of_day, days)))
