"""From a change in a table to messages for those who watch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from flareflow.changes import Image, StreamChange
from flareflow.realtime.models import MessageType, Notification
from flareflow.realtime.ports import Connections, ConnectionSender, LiveUsage, Messages
from flareflow.time import Clock


class _UsageEventImage(BaseModel):
    """A usage event as it lies in the table, as far as it is told."""

    model_config = ConfigDict(frozen=True)

    litellm_call_id: str
    subscription_id: int
    model: str
    status: str
    prompt_tokens: int
    completion_tokens: int
    rated_microtokens: int


class _SubscriptionImage(BaseModel):
    """A subscription as it lies in the ledger, as far as it is told."""

    model_config = ConfigDict(frozen=True)

    subscription_id: int
    status: str
    balance_ufix64: int
    charged_ufix64: int
    owed_ufix64: int
    settled_microtokens: int
    settled_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """Turn one stream record into messages, store them, then send them to each watching connection."""

    messages: Messages
    connections: Connections
    usage: LiveUsage
    sender: ConnectionSender
    clock: Clock

    def run(self, change: StreamChange) -> None:
        """May be repeated. Raises StorageUnavailableError or RaceLostError, with nothing sent twice under new numbers.

        A record that is none of ours, or changed nothing that is told, is passed over.
        """
        for notification in self._notification(change):
            message = self.messages.publish(f"{change.event_id}.{notification.type}", notification, self.clock())
            self._send(notification.subscription_id, message.text())

    def _notification(self, change: StreamChange) -> Iterator[Notification]:
        if change.new is None:
            return
        if change.pk.startswith("CALL#") and change.sk == "EVENT":
            yield from self._of_usage(change, change.new)
        elif change.pk.startswith("SUB#") and change.sk == "STATE":
            yield from _of_ledger(change, change.new)

    def _of_usage(self, change: StreamChange, new: Image) -> Iterator[Notification]:
        event = _UsageEventImage.model_validate(new)
        if change.old and _UsageEventImage.model_validate(change.old) == event:
            return
        live = self.usage.live(event.subscription_id)
        payload = {
            "litellm_call_id": event.litellm_call_id,
            "model": event.model,
            "status": event.status,
            "tokens": event.prompt_tokens + event.completion_tokens,
            "rated_microtokens": event.rated_microtokens,
            "counted_microtokens": live.counted.rated_microtokens,
            "unconfirmed_microtokens": live.unconfirmed.rated_microtokens,
        }
        yield _notification(MessageType.USAGE_PENDING, event.subscription_id, change, payload)

    def _send(self, subscription_id: int, text: str) -> None:
        for connection_id in self.connections.watching(subscription_id):
            if not self.sender.send(connection_id, text):
                self.connections.remove(connection_id)


def _of_ledger(change: StreamChange, new: Image) -> Iterator[Notification]:
    after = _SubscriptionImage.model_validate(new)
    before = _SubscriptionImage.model_validate(change.old) if change.old else None
    if after.settled_epoch is not None and (before is None or before.settled_epoch != after.settled_epoch):
        payload = {
            "epoch": after.settled_epoch,
            "settled_microtokens": after.settled_microtokens,
            "charged_ufix64": after.charged_ufix64,
            "owed_ufix64": after.owed_ufix64,
        }
        yield _notification(MessageType.USAGE_SETTLED, after.subscription_id, change, payload)
    if before is None or (before.balance_ufix64, before.status) != (after.balance_ufix64, after.status):
        state = {
            "status": after.status,
            "balance_ufix64": after.balance_ufix64,
            "charged_ufix64": after.charged_ufix64,
            "owed_ufix64": after.owed_ufix64,
        }
        yield _notification(MessageType.BALANCE_CHANGED, after.subscription_id, change, state)


def _notification(
    kind: MessageType, subscription_id: int, change: StreamChange, payload: Mapping[str, object]
) -> Notification:
    return Notification(kind, subscription_id, change.at, {name: str(fact) for name, fact in payload.items()})
