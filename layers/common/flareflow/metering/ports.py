"""Ports of the metering package."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Protocol

from flareflow.metering.models import FinishedCall, SpendPage, Subscriptions, UsageEvent, Window


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
    """Usage events and the totals that are their sums.

    An event is unconfirmed (pushed, not found by a poll yet), counted (found by a poll; final) or dropped (pushed and
    never found). Every method can be repeated, also by concurrent invocations; a repetition changes nothing.
    """

    def open_epoch_if_none(self, epoch: int) -> None:
        """Start counting under `epoch`, unless an epoch was opened before."""

    def count(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Count events under the open epoch; return how many were not counted before.

        An unconfirmed event leaves the unconfirmed totals and is counted with the numbers given here.
        Raises BrokenRuleError when no epoch was ever opened.
        """

    def add_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Add events to the unconfirmed totals; return how many were not known before."""

    def unconfirmed(self, added_before: datetime, limit: int) -> Sequence[UsageEvent]:
        """Events added before `added_before` that are still unconfirmed, oldest first, at most `limit`."""

    def drop_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Remove still unconfirmed events from the totals; return the count."""

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        """Store calls of unknown keys for inspection; nobody is billed for them."""

    def read_to(self) -> datetime | None:
        """The moment up to which the spend log was read without a gap; None before the first poll."""

    def advance_read_to(self, moment: datetime) -> None:
        """Store that the spend log was read up to `moment`; an earlier moment changes nothing."""


class SliceQueue(Protocol):
    """The queue of windows to be read by another invocation."""

    def send(self, windows: Sequence[Window]) -> None:
        """Queue windows. Raises StorageUnavailableError on failure; some windows may be queued nevertheless."""
