"""Opening a WebSocket connection with a ticket, and watching subscriptions with it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flareflow.credentials import token_hash
from flareflow.errors import ConflictError, NotFoundError, UnauthenticatedError
from flareflow.json_format import to_json
from flareflow.realtime.ports import Connections, ConnectionSender, Messages, Owners, Tickets
from flareflow.time import Clock

CONNECTION_LIFETIME: Final = timedelta(hours=2)
"""API Gateway closes every connection after two hours."""
WATCHED_MAX: Final = 20
WATCHERS_MAX: Final = 20
RESUMED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection for the account that the ticket was given to."""

    tickets: Tickets
    connections: Connections
    clock: Clock

    def run(self, connection_id: str, ticket: str) -> None:
        """Raises UnauthenticatedError `unknown_ticket`."""
        now = self.clock()
        address = self.tickets.consume(token_hash(ticket), now)
        if address is None:
            raise UnauthenticatedError("unknown_ticket", "The ticket is unknown, used or expired.")
        self.connections.add(connection_id, address, now + CONNECTION_LIFETIME)


@dataclass(frozen=True, slots=True)
class Watch:
    """Let a connection watch a subscription: it gets every message from now on.

    The first answer has the last sequence number. Then follow the stored messages after number `after`, if given, at
    most `RESUMED_MAX`. The watch is stored before they are read, so none is missed; a message that arrives twice has
    the same number.
    """

    connections: Connections
    owners: Owners
    messages: Messages
    sender: ConnectionSender
    clock: Clock

    def run(self, connection_id: str, subscription_id: int, after: int | None) -> None:
        """Raises UnauthenticatedError `unknown_connection`; NotFoundError `subscription_not_found`, also for a
        subscription of somebody else; ConflictError `too_many_watched` or `too_many_watchers`.
        """
        self._check_owner(connection_id, subscription_id)
        self._check_watch_limits(connection_id, subscription_id)
        self.connections.watch(connection_id, subscription_id, self.clock() + CONNECTION_LIFETIME)
        self._check_owner_again(connection_id, subscription_id)
        self._greet(connection_id, subscription_id)
        if after is not None:
            for message in self.messages.after(subscription_id, after, RESUMED_MAX):
                self.sender.send(connection_id, message.text())

    def _check_owner(self, connection_id: str, subscription_id: int) -> None:
        address = self.connections.address(connection_id)
        if address is None:
            raise UnauthenticatedError("unknown_connection", "Connect again with a new ticket.")
        if self.owners.owner(subscription_id) != address:
            raise NotFoundError("subscription_not_found", f"You own no subscription {subscription_id}.")

    def _check_owner_again(self, connection_id: str, subscription_id: int) -> None:
        """A subscription that has moved meanwhile may have ended its watches before this one was stored."""
        try:
            self._check_owner(connection_id, subscription_id)
        except NotFoundError:
            self.connections.unwatch(connection_id, subscription_id)
            raise

    def _check_watch_limits(self, connection_id: str, subscription_id: int) -> None:
        watched = self.connections.watched_by(connection_id)
        if subscription_id in watched:
            return
        if len(watched) >= WATCHED_MAX:
            raise ConflictError("too_many_watched", f"A connection can watch at most {WATCHED_MAX} subscriptions.")
        if len(self.connections.watching(subscription_id)) >= WATCHERS_MAX:
            raise ConflictError("too_many_watchers", f"At most {WATCHERS_MAX} connections can watch one subscription.")

    def _greet(self, connection_id: str, subscription_id: int) -> None:
        last = self.messages.last_sequence(subscription_id)
        greeting = {"type": "watching", "subscription_id": subscription_id, "sequence": last}
        self.sender.send(connection_id, to_json(greeting))
