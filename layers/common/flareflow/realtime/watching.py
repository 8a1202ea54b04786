"""Watching subscriptions over an open connection: from a snapshot, or from the last message that was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.errors import ConflictError, NotFoundError, RequestError, UnauthenticatedError
from flareflow.json_format import Json
from flareflow.realtime.connections import Forget
from flareflow.realtime.frames import control, frames, numbered, snapshot
from flareflow.realtime.models import Connection, Log, Message
from flareflow.realtime.payloads import Pong, Reached, Refused, Watching
from flareflow.realtime.ports import Connections, ConnectionSender, Messages, Owners, Snapshots
from flareflow.time import Clock

WATCHED_MAX: Final = 20
"""Subscriptions of one connection."""
WATCHERS_MAX: Final = 20
"""Connections of one subscription."""
RESUMED_MAX: Final = 100
"""Messages that are sent again; a client that missed more gets a snapshot."""
CLOCKS_APART_MAX: Final = timedelta(seconds=10)
"""A watch that ends so soon may have ended already by the clock of another function."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Let a connection watch a subscription: it gets every message from now on.

    The first answer is `watching`, followed by the messages after number `after`; or a `snapshot`, if there is no
    `after`, or not every message since is stored. The watch is stored before they are read, so none is missed; a
    message that arrives twice has the same number.
    """

    connections: Connections
    owners: Owners
    messages: Messages
    snapshots: Snapshots
    sender: ConnectionSender
    forget: Forget
    clock: Clock

    def run(self, connection_id: str, subscription_id: int, after: int | None) -> None:
        """Raises UnauthenticatedError `unknown_connection`; NotFoundError `subscription_not_found`, also for a
        subscription of somebody else; ConflictError `too_many_watched` or `too_many_watchers`.
        """
        connection = self._owner(connection_id, subscription_id)
        self._check_watch_limits(connection_id, subscription_id)
        self._begin_recording(subscription_id)
        self.connections.watch(connection, subscription_id)
        self._check_owner_again(connection_id, subscription_id)
        for frame in frames(self._answer(subscription_id, after)):
            self.sender.send(connection_id, frame)

    def _owner(self, connection_id: str, subscription_id: int) -> Connection:
        """The connection, which is the owner's."""
        connection = known_connection(self.connections, connection_id)
        if self.owners.owner(subscription_id) != connection.address:
            raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")
        return connection

    def _check_owner_again(self, connection_id: str, subscription_id: int) -> None:
        """A subscription that has moved meanwhile may have ended its watches before this one was stored."""
        try:
            self._owner(connection_id, subscription_id)
        except NotFoundError:
            self.connections.unwatch(connection_id, subscription_id)
            raise

    def _check_watch_limits(self, connection_id: str, subscription_id: int) -> None:
        watched = self.connections.watched_by(connection_id)
        if subscription_id in watched:
            return
        if len(watched) >= WATCHED_MAX:
            raise ConflictError("too_many_watched", f"A connection can watch at most {WATCHED_MAX} subscriptions.")
        if self._watchers(subscription_id) >= WATCHERS_MAX:
            raise ConflictError("too_many_watchers", f"At most {WATCHERS_MAX} connections can watch one subscription.")

    def _watchers(self, subscription_id: int) -> int:
        """How many connections watch. Once the limit is reached, those that are gone are forgotten."""
        watchers = self.connections.audience(subscription_id, self.clock()).watchers
        if len(watchers) < WATCHERS_MAX:
            return len(watchers)
        gone = [one for one in watchers if not self.sender.is_open(one)]
        for one in gone:
            self.forget.run(one)
        return len(watchers) - len(gone)

    def _begin_recording(self, subscription_id: int) -> None:
        """Changes that were not stored, because nobody watched, make every earlier number too old to resume from.

        This happens before the watch is stored: whoever finds the watch finds the new number as well.
        """
        if not self.connections.audience(subscription_id, self.clock() + CLOCKS_APART_MAX).is_recorded:
            self.messages.begin(subscription_id)

    def _answer(self, subscription_id: int, after: int | None) -> Sequence[Mapping[str, Json]]:
        """The log is read before the state, so the state contains everything up to the log's last number."""
        log = self.messages.log(subscription_id)
        missed = self._missed(subscription_id, log, after)
        if missed is None:
            return [snapshot(subscription_id, log, self.clock(), self.snapshots.of(subscription_id))]
        return [control(Watching(subscription_id, log.sequence)), *map(numbered, missed)]

    def _missed(self, subscription_id: int, log: Log, after: int | None) -> Sequence[Message] | None:
        """All messages after number `after`; None where they are not all there, or more than `RESUMED_MAX`."""
        if after is None or not log.complete_after <= after <= log.sequence or log.sequence - after > RESUMED_MAX:
            return None
        missed = self.messages.after(subscription_id, after, RESUMED_MAX)
        return None if len(missed) < log.sequence - after else missed


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer a client's `ping` with the last number of each subscription it watches.

    It keeps the connection from being idle, and tells a client of a message that was lost.
    """

    connections: Connections
    messages: Messages
    sender: ConnectionSender

    def run(self, connection_id: str) -> None:
        """Raises UnauthenticatedError `unknown_connection`."""
        known_connection(self.connections, connection_id)
        watched = self.connections.watched_by(connection_id)
        reached = tuple(Reached(one, self.messages.log(one).sequence) for one in watched)
        for frame in frames([control(Pong(reached))]):
            self.sender.send(connection_id, frame)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell a client why it does not get what it asked for."""

    sender: ConnectionSender

    def run(self, connection_id: str, error: RequestError) -> None:
        for frame in frames([control(Refused(error.code, str(error)))]):
            self.sender.send(connection_id, frame)


def known_connection(connections: Connections, connection_id: str) -> Connection:
    """Raises UnauthenticatedError `unknown_connection`."""
    connection = connections.find(connection_id)
    if connection is None:
        raise UnauthenticatedError("unknown_connection", "Connect again with a new ticket.")
    return connection
