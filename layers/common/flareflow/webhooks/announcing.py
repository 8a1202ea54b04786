"""Telling webhooks of what has happened to a subscription."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flareflow.settlement.subscription import Subscription
from flareflow.time import Clock
from flareflow.webhooks.events import Happening, message
from flareflow.webhooks.models import Delivery, Order, Webhook
from flareflow.webhooks.ports import Deliveries, DeliveryQueue, Ledger, Webhooks


@dataclass(frozen=True, slots=True)
class Announce:
    """Make a delivery of each event to each webhook of the subscription's owner that wants it.

    A subscription without webhooks costs one read for each event. What was announced is announced again with the same
    ids, and then delivered once.
    """

    webhooks: Webhooks
    deliveries: Deliveries
    queue: DeliveryQueue
    ledger: Ledger
    clock: Clock

    def run(self, subscription_id: int, happenings: Sequence[Happening]) -> None:
        """May be repeated. Raises StorageUnavailableError; the changes must then be delivered again."""
        for happening in happenings:
            wanting = list(self._wanting(subscription_id, happening))
            subscription = self.ledger.subscription(subscription_id) if wanting else None
            if subscription is not None:
                self._deliver(happening, subscription, wanting)

    def _wanting(self, subscription_id: int, happening: Happening) -> Iterator[Webhook]:
        for webhook in self.webhooks.of_subscription(happening.owner, subscription_id):
            if webhook.is_enabled and happening.type in webhook.events:
                yield webhook

    def _deliver(self, happening: Happening, subscription: Subscription, webhooks: Sequence[Webhook]) -> None:
        """Store first: an order without its delivery would be dropped."""
        now, event_id, at = self.clock(), happening.event_id, happening.change.at
        told = happening.told(subscription)
        body = message(event_id, subscription.subscription_id, at, happening.type, told)
        made = [Delivery(one.webhook_id, event_id, happening.type, at, body, next_attempt_at=now) for one in webhooks]
        for delivery in made:
            self.deliveries.add(delivery)
        self.queue.send([Order.of(happening.owner, delivery, now) for delivery in made], now)
