"""Carrying out what the queue holds: one attempt of one delivery."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from flareflow.errors import RaceLostError
from flareflow.time import Clock
from flareflow.webhooks.models import (
    DISABLED_AFTER,
    Attempt,
    Delivery,
    DeliveryState,
    EventType,
    Order,
    Webhook,
    WebhookState,
)
from flareflow.webhooks.ports import Deliveries, DeliveryQueue, Receivers, Webhooks
from flareflow.webhooks.signing import Signer

CONTENT: Final = {"content-type": "application/json", "user-agent": "FlareFlow-Webhooks/1"}


class Outcome(Enum):
    """What came of an order."""

    NOTHING = auto()
    """It is not due yet, or was carried out before."""
    DELIVERED = auto()
    RETRIED = auto()
    """The attempt failed, and another one is ordered."""
    FAILED = auto()
    """The attempt failed, and was the last one."""


_OUTCOMES: Final = {
    DeliveryState.DELIVERED: Outcome.DELIVERED,
    DeliveryState.PENDING: Outcome.RETRIED,
    DeliveryState.FAILED: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class Deliver:
    """Post a delivery to its receiver, record the attempt, and order the next one if it has failed.

    The next order is sent before the attempt is recorded: after a crash in between, the present order comes again and
    makes the attempt again, and of the two next orders one has the version that counts. So an attempt may reach its
    receiver twice, and none is lost.
    """

    webhooks: Webhooks
    deliveries: Deliveries
    queue: DeliveryQueue
    receivers: Receivers
    signer: Signer
    clock: Clock

    def run(self, order: Order) -> Outcome:
        """Raises StorageUnavailableError or RaceLostError; the order must then come again."""
        now = self.clock()
        if order.due_at > now:
            self.queue.send([order], now)
            return Outcome.NOTHING
        delivery = self.deliveries.find(order.webhook_id, order.delivery_id)
        webhook = self.webhooks.find(order.owner, order.webhook_id)
        if delivery is None or webhook is None or not _counts(order, delivery):
            return Outcome.NOTHING
        attempt = self._attempt(webhook, delivery)
        after = delivery.after(attempt, may_be_retried=_may_be_retried(webhook, delivery, attempt))
        if after.next_attempt_at is not None:
            self.queue.send([Order.of(order.owner, after, after.next_attempt_at)], self.clock())
        self.deliveries.replace(after)
        self._note(webhook, after)
        return _OUTCOMES[after.state]

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> Attempt:
        now = self.clock()
        if not webhook.is_enabled:
            return Attempt(now, 0, error="The webhook is disabled.")
        body = delivery.body.encode()
        signed = self.signer.headers(webhook, delivery.delivery_id, body, now)
        answered = self.receivers.post(webhook.url, {**CONTENT, **signed}, body)
        return Attempt(now, answered.milliseconds, answered.status, answered.error)

    def _note(self, webhook: Webhook, after: Delivery) -> None:
        """What the attempt says of the webhook; a message to try the receiver says nothing of how it fails."""
        if webhook.is_enabled and (after.type is not EventType.WEBHOOK_TEST or _has_succeeded(after)):
            changes = dict(_changes(webhook, after))
            if changes:
                self.webhooks.change(replace(webhook, **changes), *changes)  # type: ignore[arg-type]


def _counts(order: Order, delivery: Delivery) -> bool:
    """Whether the order is the one that the delivery waits for.

    Raises RaceLostError where the attempt before it is not recorded yet.
    """
    if order.version > delivery.version:
        raise RaceLostError(f"version {delivery.version} of {order.delivery_id} is not replaced by {order.version} yet")
    return order.version == delivery.version and delivery.state is DeliveryState.PENDING


def _may_be_retried(webhook: Webhook, delivery: Delivery, attempt: Attempt) -> bool:
    is_test = delivery.type is EventType.WEBHOOK_TEST
    return webhook.is_enabled and not is_test and attempt.status != HTTPStatus.GONE


def _has_succeeded(delivery: Delivery) -> bool:
    return delivery.attempts[-1].error is None


def _changes(webhook: Webhook, after: Delivery) -> Iterator[tuple[str, object]]:
    """The fields of the webhook that an attempt changes."""
    attempt, since = after.attempts[-1], webhook.failing_since
    if _has_succeeded(after):
        if since is not None:
            yield "failing_since", None
        return
    if since is None:
        yield "failing_since", attempt.at
    if attempt.status == HTTPStatus.GONE:
        yield "state", WebhookState.GONE
    elif since is not None and attempt.at - since >= DISABLED_AFTER:
        yield "state", WebhookState.FAILING
