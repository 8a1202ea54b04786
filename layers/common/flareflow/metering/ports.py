"""Ports of the metering package."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Protocol

from flareflow.metering.calls import SetAside
from flareflow.metering.models import FinishedCall, SpendPage, Subscriptions, Window
from flareflow.metering.usage_events import CountReport, Difference, RatedRecord, RatedRow, RecordReport


class SpendLog(Protocol):
    """LiteLLM's log of finished calls. A row appears seconds after its call has ended, sometimes later."""

    def page(self, window: Window, number: int) -> SpendPage:
        """Page `number` (from 1) of the successful calls that started in `window`, oldest first.

        Raises SpendLogUnavailableError when LiteLLM gives no usable answer.
        """


class KeyDirectory(Protocol):
    """The virtual keys that were created here. Deleted keys stay, because their last calls may be read later."""

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        """The subscription of each known key among `key_hashes`; unknown keys are left out."""


class UsageEvents(Protocol):
    """Usage events and the totals that are their sums: rows and records, each billed by the rules of `witnesses`.

    Every method can be repeated, also by concurrent invocations; a repetition changes nothing and may report the same
    differences again. Raises RaceLostError when concurrent invocations were always faster.
    """

    def open_epoch_if_none(self, epoch: int) -> None:
        """Start counting under `epoch`, unless an epoch was opened before."""

    def count(self, rows: Sequence[RatedRow], now: datetime) -> CountReport:
        """Bill rows under the open epoch, each once. Raises BrokenRuleError when no epoch was ever opened."""

    def record(self, records: Sequence[RatedRecord], now: datetime) -> RecordReport:
        """Add records to the unconfirmed totals until their rows come."""

    def bill_alone(self, before: datetime, limit: int, now: datetime) -> CountReport:
        """Bill records of calls that ended before `before` and have no row; look at `limit` subscriptions at most."""

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        """Store calls of unknown keys for inspection; nobody is billed for them."""

    def read_to(self) -> datetime | None:
        """The moment up to which the spend log was read without a gap; None before the first poll."""

    def advance_read_to(self, moment: datetime) -> None:
        """Store that the spend log was read up to `moment`; an earlier moment changes nothing."""


class Cases(Protocol):
    """What waits for a person. Every method can be repeated; a repetition changes nothing."""

    def put(self, items: Sequence[SetAside], now: datetime) -> int:
        """Open a case for each item that has none, open or decided; return how many were opened."""

    def report(self, differences: Sequence[Difference], now: datetime) -> int:
        """Open a case for each difference that has none, open or decided; return how many were opened."""


class SliceQueue(Protocol):
    """The queue of windows to be read by another invocation."""

    def send(self, windows: Sequence[Window]) -> None:
        """Queue windows. Raises StorageUnavailableError on failure; some windows may be queued nevertheless."""
