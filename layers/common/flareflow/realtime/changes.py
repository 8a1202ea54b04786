"""Changes that the watchers of a subscription are notified of."""

from dataclasses import dataclass
from datetime import datetime

from flareflow.metering.models import EventStatus, UsageEvent
from flareflow.settlement.journal import Subscription


@dataclass(frozen=True, slots=True)
class Change:
    """Base of the changes. `change_id` is the same however often the change is delivered; `at` is when it was made."""

    change_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UsageChanged(Change):
    """A usage event is new or has another status."""

    event: UsageEvent
    status: EventStatus


@dataclass(frozen=True, slots=True)
class SubscriptionChanged(Change):
    """A subscription was written; `before` is None for a new one."""

    before: Subscription | None
    after: Subscription
