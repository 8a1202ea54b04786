"""What was delivered to a webhook, trying it, and sending a delivery again."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.accounts.models import CursorPage
from flareflow.credentials import TokenFactory
from flareflow.errors import ConflictError, NotFoundError
from flareflow.time import Clock
from flareflow.webhooks.events import WebhookTest, event_id, message
from flareflow.webhooks.managing import claimed, own_webhook
from flareflow.webhooks.models import Delivery, DeliveryState, EventType, Order, Webhook
from flareflow.webhooks.ports import Claim, Claims, Deliveries, DeliveryQueue, Webhooks

LOST_AFTER: Final = timedelta(minutes=30)
"""An attempt that is overdue for so long has lost its order."""


@dataclass(frozen=True, slots=True)
class ListDeliveries:
    """List what was sent to a webhook, newest first."""

    webhooks: Webhooks
    deliveries: Deliveries

    def run(self, caller: str, webhook_id: str, cursor: str | None) -> CursorPage[Delivery]:
        """Raises NotFoundError `webhook_not_found`."""
        return self.deliveries.of(own_webhook(self.webhooks, caller, webhook_id).webhook_id, cursor)


@dataclass(frozen=True, slots=True)
class TryWebhook:
    """Send a `webhook.test` to the receiver, once. A request that is repeated sends one."""

    webhooks: Webhooks
    deliveries: Deliveries
    queue: DeliveryQueue
    claims: Claims
    token: TokenFactory
    clock: Clock

    def run(self, caller: str, idempotency_key: str, webhook_id: str) -> Delivery:
        """The delivery as it is now. Raises NotFoundError `webhook_not_found`; ConflictError `webhook_disabled` or
        `idempotency_key_reused`.
        """
        webhook, now = own_webhook(self.webhooks, caller, webhook_id), self.clock()
        _check_enabled(webhook)
        new_id = event_id(now, self.token())
        made = claimed(self.claims, Claim(caller, idempotency_key, f"test {webhook_id}", new_id), now)
        kind, told = EventType.WEBHOOK_TEST, WebhookTest(webhook_id)
        body = message(made, webhook.subscription_id, now, kind, told)
        delivery = Delivery(webhook_id, made, kind, now, body, next_attempt_at=now)
        self.deliveries.add(delivery)
        self.queue.send([Order.of(caller, delivery, now)], now)
        return self.deliveries.find(webhook_id, made) or delivery


@dataclass(frozen=True, slots=True)
class ReplayDelivery:
    """Send a delivery again, with its id, from the first attempt on. While it is under way, nothing changes."""

    webhooks: Webhooks
    deliveries: Deliveries
    queue: DeliveryQueue
    clock: Clock

    def run(self, caller: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Raises NotFoundError `webhook_not_found` or `delivery_not_found`; ConflictError `webhook_disabled`;
        RaceLostError when an attempt is recorded at the same time.
        """
        webhook, now = own_webhook(self.webhooks, caller, webhook_id), self.clock()
        _check_enabled(webhook)
        before = self.deliveries.find(webhook_id, delivery_id)
        if before is None:
            raise NotFoundError("delivery_not_found", "The webhook has no such delivery.")
        due_at = before.next_attempt_at
        if before.state is DeliveryState.PENDING and due_at is not None and now - due_at < LOST_AFTER:
            return before
        after = before.again(now)
        self.queue.send([Order.of(caller, after, now)], now)  # before it counts, so that it is never lost
        self.deliveries.replace(after)
        return after


def _check_enabled(webhook: Webhook) -> None:
    if not webhook.is_enabled:
        raise ConflictError("webhook_disabled", "The webhook is disabled: enable it first.")
