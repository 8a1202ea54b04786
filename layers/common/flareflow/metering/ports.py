"""What metering needs from the world."""

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Protocol

from flareflow.metering.models import FinishedCall, SpendPage, Subscriptions, UsageEvent, Window


class SpendLog(Protocol):
    """LiteLLM's record of finished calls. A row appears seconds after its call has ended, sometimes later."""

    def page(self, window: Window, number: int) -> SpendPage:
        """Page `number` (from 1) of the successful calls that started in `window`, oldest first.

        Raises SpendLogUnavailableError when LiteLLM cannot be asked now.
        """


class KeyDirectory(Protocol):
    """Which virtual keys are ours. A deleted key stays known, as its last calls may still come."""

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        """The subscription of each known key among `key_hashes`; unknown ones are left out."""


class UsageEvents(Protocol):
    """The usage events and their totals, in step with each other.

    An event is noted (pushed, unconfirmed), counted (a poll found it; final) or dropped (pushed, never found).
    Every method may be repeated, also by several invocations at once, and changes nothing the second time.
    """

    def open_epoch_if_none(self, epoch: int) -> None:
        """Begin to count under `epoch` where nothing was ever counted."""

    def count(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Count events under the open epoch; how many were not counted before.

        A noted event leaves the unconfirmed totals and is counted with the numbers given here.
        Raises BrokenRuleError when no epoch was ever open.
        """

    def note(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Add events to the unconfirmed totals; how many were not known before."""

    def unconfirmed(self, noted_before: datetime, limit: int) -> Sequence[UsageEvent]:
        """Noted events that no poll has found since `noted_before`, oldest first."""

    def drop(self, events: Sequence[UsageEvent], now: datetime) -> int:
        """Take events that are still only noted out of the unconfirmed totals; how many were."""

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        """Keep calls of unknown keys where a person finds them; nobody is billed for them."""

    def read_to(self) -> datetime | None:
        """Up to when the spend log was read without a gap; None before the first poll."""

    def advance_read_to(self, moment: datetime) -> None:
        """Note that the spend log was read up to `moment`; never goes back."""


class SliceQueue(Protocol):
    """Windows that wait to be read by another invocation."""

    def send(self, windows: Sequence[Window]) -> None:
        """Raises StorageUnavailableError when the queue does not take them; some may be queued then."""
