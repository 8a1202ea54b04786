"""In-memory fakes of the webhooks package's ports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flareflow.accounts.models import CursorPage
from flareflow.errors import RaceLostError, StorageUnavailableError
from flareflow.settlement.subscription import Subscription
from flareflow.webhooks.models import Answered, Delivery, Order, Webhook
from flareflow.webhooks.ports import Claim

DELAY_MAX = timedelta(minutes=15)
OK = Answered(milliseconds=12, status=200)
DOWN = Answered(milliseconds=34, status=500, error="The receiver answered 500.")


@dataclass
class FakeWebhooks:
    """`Webhooks` in memory. `asked` counts how often a subscription's were listed."""

    webhooks: dict[str, Webhook] = field(default_factory=dict)
    asked: int = 0

    def add(self, webhook: Webhook) -> None:
        self.webhooks.setdefault(webhook.webhook_id, webhook)

    def find(self, owner: str, webhook_id: str) -> Webhook | None:
        found = self.webhooks.get(webhook_id)
        return found if found and found.owner == owner else None

    def of_subscription(self, owner: str, subscription_id: int) -> Sequence[Webhook]:
        self.asked += 1
        own = [one for one in self.webhooks.values() if (one.owner, one.subscription_id) == (owner, subscription_id)]
        return sorted(own, key=lambda one: one.created_at)

    def of_account(self, owner: str, cursor: str | None) -> CursorPage[Webhook]:
        own = [one for one in self.webhooks.values() if one.owner == owner]
        return CursorPage(sorted(own, key=lambda one: (one.subscription_id, one.webhook_id)), None)

    def change(self, webhook: Webhook, *names: str) -> bool:
        before = self.webhooks.get(webhook.webhook_id)
        if before is None:
            return False
        changes = {name: getattr(webhook, name) for name in names}
        self.webhooks[webhook.webhook_id] = replace(before, **changes)
        return True

    def remove(self, webhook: Webhook) -> None:
        self.webhooks.pop(webhook.webhook_id, None)


@dataclass
class FakeDeliveries:
    """`Deliveries` in memory."""

    deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)

    def add(self, delivery: Delivery) -> None:
        self.deliveries.setdefault((delivery.webhook_id, delivery.delivery_id), delivery)

    def find(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        return self.deliveries.get((webhook_id, delivery_id))

    def of(self, webhook_id: str, cursor: str | None) -> CursorPage[Delivery]:
        of_webhook = [one for one in self.deliveries.values() if one.webhook_id == webhook_id]
        return CursorPage(sorted(of_webhook, key=lambda one: one.delivery_id, reverse=True), None)

    def replace(self, after: Delivery) -> None:
        before = self.find(after.webhook_id, after.delivery_id)
        if before is None or before.version != after.version - 1:
            raise RaceLostError("another version is stored")
        self.deliveries[after.webhook_id, after.delivery_id] = after


@dataclass
class FakeClaims:
    """`Claims` in memory."""

    claims: dict[tuple[str, str], Claim] = field(default_factory=dict)

    def claim(self, claim: Claim, now: datetime) -> Claim:
        return self.claims.setdefault((claim.owner, claim.idempotency_key), claim)


@dataclass
class FakeDeliveryQueue:
    """`DeliveryQueue` in memory: each order with the moment from which on it can be received."""

    waiting: list[tuple[datetime, Order]] = field(default_factory=list)
    is_down: bool = False

    def send(self, orders: Sequence[Order], now: datetime) -> None:
        if self.is_down:
            raise StorageUnavailableError("told to be down")
        self.waiting += [(max(now, min(order.due_at, now + DELAY_MAX)), order) for order in orders]

    def receive(self, now: datetime) -> Order | None:
        """The order that has waited longest, if one can be received now."""
        ready = sorted((one for one in self.waiting if one[0] <= now), key=lambda one: one[0])
        if not ready:
            return None
        self.waiting.remove(ready[0])
        return ready[0][1]


@dataclass
class FakeReceivers:
    """`Receivers` in memory: each URL answers what a test has set, or 200. `while_asked` happens meanwhile."""

    answers: dict[str, Answered] = field(default_factory=dict)
    posted: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    while_asked: Callable[[], None] = lambda: None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        self.posted.append((url, headers, body))
        self.while_asked()
        return self.answers.get(url, OK)


@dataclass
class FakeSubscriptions:
    """The webhooks' `Ledger` in memory."""

    subscriptions: dict[int, Subscription] = field(default_factory=dict)

    def subscription(self, subscription_id: int) -> Subscription | None:
        return self.subscriptions.get(subscription_id)
