"""Notifying those who watch a subscription of its changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flareflow.json_format import to_json
from flareflow.realtime.changes import CallsCounted, Change, StandingChanged, SubscriptionChanged, UsageChanged
from flareflow.realtime.models import MessageType, Notification
from flareflow.realtime.ports import Connections, ConnectionSender, Messages
from flareflow.settlement.journal import Subscription
from flareflow.time import Clock

WATCH_ENDED: Final = "watch.ended"


@dataclass(frozen=True, slots=True)
class Push:
    """Send what a change means to every connection that watches the subscription.

    Messages about money are stored and numbered. Those about usage carry the totals and are sent only: a call costs no
    write, and a client that missed some reads the totals anew.
    """

    messages: Messages
    connections: Connections
    sender: ConnectionSender
    clock: Clock

    def run(self, change: Change) -> None:
        """Push one change; a repetition sends the same messages with the same sequence numbers.

        Raises StorageUnavailableError or RaceLostError; the change must then be delivered again.
        """
        match change:
            case UsageChanged():
                self._send(change.subscription_id, _usage_pending(change))
            case CallsCounted():
                self._send(change.subscription_id, _usage_counted(change))
            case SubscriptionChanged():
                if change.before is not None and change.before.owner != change.after.owner:
                    self._end_watches(change.after)
                for notification in _of_subscription(change):
                    self._publish(change, notification)
            case StandingChanged():
                self._publish(change, _standing_changed(change))

    def _end_watches(self, moved: Subscription) -> None:
        """Nobody but the new owner watches a subscription that has moved."""
        ended = to_json({"type": WATCH_ENDED, "subscription_id": moved.subscription_id, "reason": "owner_changed"})
        for connection_id in self.connections.watching(moved.subscription_id):
            if self.connections.address(connection_id) != moved.owner:
                self.connections.unwatch(connection_id, moved.subscription_id)
                self.sender.send(connection_id, ended)

    def _publish(self, change: Change, notification: Notification) -> None:
        message = self.messages.publish(f"{change.change_id}.{notification.type}", notification, self.clock())
        self._send(notification.subscription_id, message.text())

    def _send(self, subscription_id: int, text: str) -> None:
        for connection_id in self.connections.watching(subscription_id):
            if not self.sender.send(connection_id, text):
                self.connections.remove(connection_id)


def _usage_pending(change: UsageChanged) -> str:
    """The message of a change of the totals."""
    totals = {
        "version": change.version,
        "counted_microtokens": change.totals.counted.rated_microtokens,
        "unconfirmed_microtokens": change.totals.unconfirmed.rated_microtokens,
    }
    calls = [
        _call(one.call.event_id, one.call.model, one.call.tokens.total, one.rated_microtokens) for one in change.calls
    ]
    return _usage_text(MessageType.USAGE_PENDING, change, {**totals, "calls": calls})


def _usage_counted(change: CallsCounted) -> str:
    """The message of calls that were billed. A call is named as the gate named it, or else by its row."""
    calls = [
        _call(one.call_id or one.identity, one.model, one.tokens.total, one.rated_microtokens) for one in change.calls
    ]
    return _usage_text(MessageType.USAGE_COUNTED, change, {"calls": calls})


def _call(event_id: str, model: str, tokens: int, rated_microtokens: int) -> Mapping[str, object]:
    return {"event_id": event_id, "model": model, "tokens": tokens, "rated_microtokens": rated_microtokens}


def _usage_text(kind: MessageType, change: UsageChanged | CallsCounted, payload: Mapping[str, object]) -> str:
    head = {"type": kind, "subscription_id": change.subscription_id, "at": change.at}
    return to_json({**head, **payload})


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


def _standing_changed(change: StandingChanged) -> Notification:
    standing = {"standing": change.standing, "version": change.version}
    return _notification(MessageType.STANDING_CHANGED, change.subscription_id, change, standing)


def _charges(subscription: Subscription) -> dict[str, object]:
    """What was charged, in the token of the deposits, and what is owed, in the plan's currency."""
    return {
        "charged_ufix64": subscription.charged_ufix64,
        "owed_ufix64": subscription.owed_ufix64,
        "currency": subscription.tariff.currency,
    }


def _notification(
    kind: MessageType, subscription_id: int, change: Change, payload: Mapping[str, object]
) -> Notification:
    return Notification(kind, subscription_id, change.at, {name: str(value) for name, value in payload.items()})
