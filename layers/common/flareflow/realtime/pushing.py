"""Notifying those who watch a subscription of its changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flareflow.realtime.changes import Change, SubscriptionChanged, UsageChanged
from flareflow.realtime.models import MessageType, Notification
from flareflow.realtime.ports import Connections, ConnectionSender, LiveUsage, Messages
from flareflow.settlement.journal import Subscription
from flareflow.time import Clock


@dataclass(frozen=True, slots=True)
class Push:
    """Turn a change into messages, store them, and send them to every connection that watches the subscription."""

    messages: Messages
    connections: Connections
    usage: LiveUsage
    sender: ConnectionSender
    clock: Clock

    def run(self, change: Change) -> None:
        """Push one change; a repetition sends the same messages with the same sequence numbers.

        Raises StorageUnavailableError or RaceLostError; the change must then be delivered again.
        """
        for notification in self._notifications(change):
            message = self.messages.publish(f"{change.change_id}.{notification.type}", notification, self.clock())
            self._send(notification.subscription_id, message.text())

    def _notifications(self, change: Change) -> Iterator[Notification]:
        match change:
            case UsageChanged():
                yield self._usage_pending(change)
            case SubscriptionChanged():
                yield from _of_subscription(change)

    def _usage_pending(self, change: UsageChanged) -> Notification:
        event = change.event
        live = self.usage.live(event.subscription_id)
        payload = {
            "litellm_call_id": event.call.litellm_call_id,
            "model": event.call.model,
            "status": change.status,
            "tokens": event.call.tokens,
            "rated_microtokens": event.rated_microtokens,
            "counted_microtokens": live.counted.rated_microtokens,
            "unconfirmed_microtokens": live.unconfirmed.rated_microtokens,
        }
        return _notification(MessageType.USAGE_PENDING, event.subscription_id, change, payload)

    def _send(self, subscription_id: int, text: str) -> None:
        for connection_id in self.connections.watching(subscription_id):
            if not self.sender.send(connection_id, text):
                self.connections.remove(connection_id)


def _of_subscription(change: SubscriptionChanged) -> Iterator[Notification]:
    before, after = change.before, change.after
    if after.settled_epoch is not None and (before is None or before.settled_epoch != after.settled_epoch):
        settled = {
            "epoch": after.settled_epoch,
            "settled_microtokens": after.settled_microtokens,
            **_charges(after),
        }
        yield _notification(MessageType.USAGE_SETTLED, after.subscription_id, change, settled)
    if before is None or (before.balance_ufix64, before.status) != (after.balance_ufix64, after.status):
        balance = {"status": after.status, "balance_ufix64": after.balance_ufix64, **_charges(after)}
        yield _notification(MessageType.BALANCE_CHANGED, after.subscription_id, change, balance)


def _charges(subscription: Subscription) -> dict[str, int]:
    return {"charged_ufix64": subscription.charged_ufix64, "owed_ufix64": subscription.owed_ufix64}


def _notification(
    kind: MessageType, subscription_id: int, change: Change, payload: Mapping[str, object]
) -> Notification:
    return Notification(kind, subscription_id, change.at, {name: str(value) for name, value in payload.items()})
