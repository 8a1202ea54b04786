"""Webhooks, the deliveries to them, and what each attempt came to."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

ATTEMPT_PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=12),
)
"""How long after each failed attempt the next one is made: the last one about a day after the first."""
ATTEMPTS_MAX: Final = len(ATTEMPT_PAUSES) + 1
ATTEMPTS_KEPT: Final = 20
"""The newest attempts that are stored with a delivery, of all its replays."""
KEPT_FOR: Final = timedelta(days=30)
"""How long a delivery is stored."""
DISABLED_AFTER: Final = timedelta(days=5)
"""A webhook of which every delivery has failed for so long is disabled."""


class EventType(StrEnum):
    """What an event tells."""

    STANDING_CHANGED = "standing.changed"
    BALANCE_LOW = "balance.low"
    EPOCH_SETTLED = "epoch.settled"
    WEBHOOK_TEST = "webhook.test"
    """Its owner has asked for it, to try the receiver."""


class WebhookState(StrEnum):
    """Whether a webhook is told of events, and why not."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    """Its owner has disabled it."""
    FAILING = "failing"
    """Every delivery has failed for `DISABLED_AFTER`."""
    GONE = "gone"
    """The receiver has answered 410."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where the events of one subscription are sent for its owner.

    `secret_number` names the secret that signs, from 1; the one before it signs too until `old_secret_until`.
    `failing_since`: the first failed attempt after the last delivery that succeeded.
    """

    webhook_id: str
    owner: str
    subscription_id: int
    url: str
    events: tuple[EventType, ...]
    created_at: datetime
    state: WebhookState = WebhookState.ENABLED
    secret_number: int = 1
    old_secret_until: datetime | None = None
    failing_since: datetime | None = None

    @property
    def is_enabled(self) -> bool:
        return self.state is WebhookState.ENABLED

    def secret_numbers(self, now: datetime) -> tuple[int, ...]:
        """The secrets that sign a message now, newest first."""
        is_rotating = self.old_secret_until is not None and now < self.old_secret_until
        return (self.secret_number, self.secret_number - 1) if is_rotating else (self.secret_number,)


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver answered to a request, or why it did not; `error` is for people."""

    milliseconds: int
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a delivery: `status` is that of the receiver's answer, `error` why it has failed, for people."""

    at: datetime
    milliseconds: int
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook. `body` is exactly what is sent.

    `version` grows with each change, and names the one order in the queue that counts. `tries`: the attempts since it
    was last asked for. `next_attempt_at` is None once it has ended.
    """

    webhook_id: str
    delivery_id: str
    type: EventType
    at: datetime
    body: str = field(repr=False)
    next_attempt_at: datetime | None
    state: DeliveryState = DeliveryState.PENDING
    version: int = 1
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()

    @property
    def expires_at(self) -> datetime:
        return self.at + KEPT_FOR

    def after(self, attempt: Attempt, *, may_be_retried: bool) -> Self:
        """The delivery after one more attempt: delivered, failed, or due again after the pause that comes next."""
        tries = self.tries + 1
        state, due_at = DeliveryState.FAILED, None
        if attempt.error is None:
            state = DeliveryState.DELIVERED
        elif may_be_retried and tries < ATTEMPTS_MAX:
            state, due_at = DeliveryState.PENDING, attempt.at + ATTEMPT_PAUSES[tries - 1]
        attempts = (*self.attempts, attempt)[-ATTEMPTS_KEPT:]
        version = self.version + 1
        return replace(self, state=state, next_attempt_at=due_at, version=version, tries=tries, attempts=attempts)

    def again(self, now: datetime) -> Self:
        """The delivery from its beginning, with the attempts that were made."""
        pending = DeliveryState.PENDING
        return replace(self, state=pending, next_attempt_at=now, version=self.version + 1, tries=0)


@dataclass(frozen=True, slots=True)
class Order:
    """What the queue holds: make the next attempt of a delivery, if it still has this version, at `due_at`."""

    owner: str
    webhook_id: str
    delivery_id: str
    version: int
    due_at: datetime

    @classmethod
    def of(cls, owner: str, delivery: Delivery, due_at: datetime) -> Self:
        return cls(owner, delivery.webhook_id, delivery.delivery_id, delivery.version, due_at)
