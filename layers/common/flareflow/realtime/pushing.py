"""Notifying those who watch a subscription of its changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.errors import RaceLostError
from flareflow.realtime.changes import Change, SubscriptionChanged
from flareflow.realtime.connections import Forget
from flareflow.realtime.frames import control, frames, numbered
from flareflow.realtime.models import Audience, Log, Message
from flareflow.realtime.notifications import notifications_of
from flareflow.realtime.payloads import WatchEnded
from flareflow.realtime.ports import Connections, ConnectionSender, Messages
from flareflow.settlement.subscription import Subscription
from flareflow.time import Clock, Pause

MESSAGE_INTERVAL: Final = timedelta(milliseconds=250)
"""Messages to one connection are on average at least so far apart; what happens meanwhile is in the next one.

Those of a subscription are so far apart for each subscription that a connection watches beside it.
"""
ATTEMPTS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Push:
    """Send what changes mean to every connection that watches the subscription.

    Where somebody watches, or has watched a moment ago, messages are stored and numbered before they are sent.
    Elsewhere nothing is written.
    """

    messages: Messages
    connections: Connections
    sender: ConnectionSender
    forget: Forget
    clock: Clock
    pause: Pause

    def run(self, subscription_id: int, changes: Sequence[Change]) -> None:
        """Push changes of one subscription, in the order in which they were made. May be repeated.

        Raises StorageUnavailableError or RaceLostError; the changes must then be delivered again.
        """
        audience = self.connections.audience(subscription_id, self.clock())
        if not audience.is_recorded:
            return
        moved = _moved(changes)
        watchers = self._end_watches(moved, audience.watchers) if moved else audience.watchers
        texts = frames(map(numbered, self._stored(subscription_id, changes, audience)))
        if texts and watchers:
            for gone in self.sender.broadcast(watchers, texts):
                self.forget.run(gone)

    def _end_watches(self, moved: Subscription, watchers: Sequence[str]) -> Sequence[str]:
        """Nobody but the new owner watches a subscription that has moved, or resumes from before; who still watches."""
        self.messages.begin(moved.subscription_id)
        [ended] = frames([control(WatchEnded(moved.subscription_id))])
        former = [one for one in watchers if not self._is_of(one, moved.owner)]
        for connection_id in former:
            self.connections.unwatch(connection_id, moved.subscription_id)
            self.sender.send(connection_id, ended)
        return [one for one in watchers if one not in former]

    def _is_of(self, connection_id: str, address: str) -> bool:
        connection = self.connections.find(connection_id)
        return connection is not None and connection.address == address

    def _stored(self, subscription_id: int, changes: Sequence[Change], audience: Audience) -> Sequence[Message]:
        """The messages of the changes, stored by this call.

        Where an earlier delivery has stored all of them, the last message: who missed some sees the gap and resumes.
        """
        for _ in range(ATTEMPTS_MAX):
            log = self.messages.log(subscription_id)
            new = [change for change in changes if change.number > log.through.get(change.source, -1)]
            if not new:
                return self.messages.after(subscription_id, log.sequence - 1, 1)
            notifications = notifications_of(new)
            if not notifications:
                return []
            self._wait_for_turn(log, MESSAGE_INTERVAL * audience.watched_most)
            through = {change.source: change.number for change in new}
            try:
                return self.messages.append(log, notifications, through, self.clock())
            except RaceLostError:
                continue
        raise RaceLostError(f"subscription {subscription_id} lost {ATTEMPTS_MAX} races for the number of a message")

    def _wait_for_turn(self, log: Log, interval: timedelta) -> None:
        if log.written_at is not None:
            left = log.written_at + interval - self.clock()
            if left > timedelta():
                self.pause(min(left, interval).total_seconds())


def _moved(changes: Sequence[Change]) -> Subscription | None:
    """The subscription as of the last change, if its owner has changed."""
    states = [change for change in changes if isinstance(change, SubscriptionChanged)]
    has_moved = any(one.before is not None and one.before.owner != one.after.owner for one in states)
    return states[-1].after if has_moved else None
