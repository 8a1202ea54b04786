"""Changes that the watchers of a subscription are notified of."""

from dataclasses import dataclass
from datetime import datetime

from flareflow.metering.models import LiveTotals
from flareflow.metering.usage_events import Entry, RatedRecord
from flareflow.settlement.journal import Subscription


@dataclass(frozen=True, slots=True)
class Change:
    """Base of the changes. `change_id` is the same however often the change is delivered; `at` is when it was made."""

    change_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UsageChanged(Change):
    """The live totals of a subscription changed. `version` grows with every change.

    `calls` are those that began to wait for their rows by this change.
    """

    subscription_id: int
    version: int
    totals: LiveTotals
    calls: tuple[RatedRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class CallsCounted(Change):
    """Calls of a subscription were billed."""

    subscription_id: int
    calls: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Change):
    """A subscription was written; `before` is None for a new one."""

    before: Subscription | None
    after: Subscription


@dataclass(frozen=True, slots=True)
class StandingChanged(Change):
    """The standing of a subscription changed. `version` grows with every change."""

    subscription_id: int
    standing: str
    version: int
