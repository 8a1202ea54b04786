"""Ports of the metering package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from flareflow.metering.rows import BUCKET, Listing, Progress, Slice, SpendPage

if TYPE_CHECKING:
    from flareflow.metering.cases import Case
    from flareflow.metering.models import Subscriptions, Usage, Window
    from flareflow.metering.spent import BilledCall, Compared, KeyLine, MarginLine, Sold, Spent
    from flareflow.metering.usage_events import CountReport, OwnedRecord, OwnedRow, RecordReport


class SpendLog(Protocol):
    """LiteLLM's log of calls. A row appears seconds after its call has ended, sometimes hours later."""

    def page(self, listing: Listing, window: Window, number: int) -> SpendPage:
        """Page `number` (from 1) of the rows of a listing whose calls started in `window`.

        Raises SpendLogUnavailableError when LiteLLM gives no usable answer.
        """

    def count(self, window: Window) -> int | None:
        """How many rows of answered calls a window has; None when there are more than LiteLLM counts.

        Raises SpendLogUnavailableError when LiteLLM gives no usable answer.
        """


class KeyDirectory(Protocol):
    """The virtual keys that were created here. Deleted keys stay, because their last calls may be read later."""

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        """The subscription of each known key among `key_hashes`; unknown keys are left out."""

    def hashed_twice(self, hashes: Set[str]) -> Set[str]:
        """Those of `hashes` that are the SHA-256 of the hash of a known key."""


class RowCounter(Protocol):
    """The part of `UsageEvents` by which rows are billed."""

    def count(self, rows: Sequence[OwnedRow], now: datetime) -> CountReport:
        """Bill rows under the open epoch, each once. Raises BrokenRuleError when no epoch was ever opened."""


class Cases(Protocol):
    """What waits for a person. Every method can be repeated; a repetition changes nothing.

    A case stays open until it is decided, and decided cases stay too: what was written off is not opened again.
    """

    def open(self, cases: Sequence[Case]) -> int:
        """Store the cases that are neither open nor decided, or only with a lower count; return how many."""

    def open_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        """Open cases in the order of their ids, at most `limit`, of those after the id `after`."""

    def find(self, case_id: str) -> Case | None:
        """An open or decided case; None if there is none with that id."""

    def decide(self, case: Case) -> None:
        """Store a case that now has a decision; it is no longer open."""

    def forget(self, case: Case) -> None:
        """Remove an open case without a decision, so that it is opened again if it is found again."""


class ReadingProgress(Protocol):
    """How far the spend log was read: up to `read_to`, but for the open slices, which are queued to be read."""

    def load(self) -> Progress:
        """The progress; an empty one before the first poll."""

    def advance(self, read_to: datetime | None, opened: Sequence[Slice], now: datetime) -> None:
        """Store in one write that the log was read up to `read_to` (an earlier one changes nothing), but for `opened`.

        A slice that is open already is stored as sent `now`.
        """

    def replace(self, part: Slice, rest: Sequence[Slice], now: datetime) -> None:
        """Store in one write that of the open slice `part` only `rest` is still open."""

    def record(self, rows: Mapping[datetime, int], length: timedelta = BUCKET) -> None:
        """Store how many rows were read of windows of `length`, by their start."""

    def known(self, starts: Sequence[datetime], length: timedelta) -> Mapping[datetime, int]:
        """How many rows were read of windows of `length`; windows of which that is not known are left out."""


class UsageEvents(RowCounter, Protocol):
    """Usage events and the totals that are their sums: rows and records, each billed by the rules of `witnesses`.

    Every method can be repeated, also by concurrent invocations; a repetition changes nothing and may report the same
    differences again. Raises RaceLostError when concurrent invocations were always faster.
    """

    def open_epoch_if_none(self, epoch: int) -> None:
        """Start counting under `epoch`, unless an epoch was opened before."""

    def record(self, records: Sequence[OwnedRecord], now: datetime) -> RecordReport:
        """Add records to the unconfirmed totals until their rows come."""

    def bill_alone(self, before: datetime, limit: int, now: datetime, tell: Callable[[CountReport], object]) -> int:
        """Bill records of calls that ended before `before` and have no row; return how many.

        Look at `limit` subscriptions at most. `tell` gets what to list: of these records, and of rows whose records
        have not come. It is told again by a later call where this one fails before `tell` returns.
        """


class SliceQueue(Protocol):
    """The queue of slices to be read by another invocation."""

    def send(self, slices: Sequence[Slice]) -> None:
        """Queue slices. Raises StorageUnavailableError on failure; some slices may be queued nevertheless."""


class BilledCalls(Protocol):
    """The calls that were billed under closed epochs."""

    def subscriptions(self, epoch: int) -> Sequence[int]:
        """The ids of the subscriptions that were billed something under an epoch, rising."""

    def of(self, epoch: int, subscription_id: int) -> Iterator[BilledCall]:
        """Every call of a subscription that was billed under an epoch.

        Raises BrokenRuleError or ValueError where what is stored cannot be read.
        """


class SealedTotals(Protocol):
    """What the statements say."""

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        """The epochs after `epoch` that have a statement, oldest first, at most `limit`."""

    def added_by(self, epoch: int) -> Mapping[int, Usage]:
        """What the statement of an epoch adds to that before it, by subscription.

        Raises BrokenRuleError or ValueError where its documents do not lead to its roots.
        """


class KeySpend(Protocol):
    """What LiteLLM has counted for each key. Every method raises SpendLogUnavailableError."""

    def of_day(self, day: date) -> Mapping[str, Spent]:
        """Answered calls that started on a day in UTC, and their cost, by key hash."""

    def of_all_time(self) -> Mapping[str, Spent]:
        """The cost of all calls of each key that exists; LiteLLM does not count its calls, so `rows` is 0."""


class Reconciled(Protocol):
    """The numbers of each key and day, as far as epochs were reconciled. A day of None stands for all days."""

    def through_epoch(self) -> int:
        """The last epoch that was added; -1 before the first."""

    def add(
        self, epoch: int, spent: Mapping[tuple[str, date | None], Spent], sold: Mapping[tuple[str, date], Sold]
    ) -> None:
        """Add what an epoch billed, by key and day, and by model and day.

        May be repeated, also after it was broken off.
        """

    def sold(self, day: date) -> Mapping[str, Sold]:
        """What was billed on a day, by model."""

    def seen_before(self, identity: str, before: datetime, now: datetime) -> bool:
        """Note that something is seen `now`; return whether it was first seen not later than `before`, within a day."""

    def reported(self) -> date | None:
        """The last day whose report was written; None before the first."""

    def note_report(self, day: date) -> None:
        """Store that the report of a day was written."""

    def billed(self, day: date | None) -> Mapping[str, Spent]:
        """What was billed on a day, by key."""

    def compared_before(
        self, day: date | None, compared: Mapping[str, Compared], before: datetime, now: datetime
    ) -> Mapping[str, Compared]:
        """Note what is compared `now`, by key; return what was compared not later than `before`, where known."""


class JournalCheck(Protocol):
    """The comparison of the journal with the chain."""

    def mismatches(self, turn: int) -> Iterable[tuple[int, str]]:
        """(subscription id, what differs) of the subscriptions of this turn. Raises FlowUnavailableError."""


class Reports(Protocol):
    """A report for each day, for people."""

    def write(self, day: date, lines: Sequence[KeyLine], margins: Sequence[MarginLine]) -> None:
        """Write the report of a day: its keys, and what its models brought and cost."""
