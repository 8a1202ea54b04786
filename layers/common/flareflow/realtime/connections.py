"""Opening a WebSocket connection with a ticket, and forgetting it when it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.credentials import token_hash
from flareflow.errors import TooManyRequestsError, UnauthenticatedError
from flareflow.realtime.models import Connection
from flareflow.realtime.ports import Connections, ConnectionSender, Tickets
from flareflow.time import Clock

CONNECTION_LIFETIME: Final = timedelta(hours=2)
"""API Gateway closes every connection after two hours."""
CONNECTIONS_MAX: Final = 5
"""Of one account."""
CONNECT_AGAIN_SECONDS: Final = 60
"""When an account with as many may try again: nobody knows when one of them ends."""
RECORDED_AFTER: Final = timedelta(minutes=5)
"""After the last watcher has gone, messages are stored for so long, for a client that connects again."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection for the account that the ticket was given to."""

    tickets: Tickets
    connections: Connections
    sender: ConnectionSender
    forget: "Forget"
    clock: Clock

    def run(self, connection_id: str, ticket: str) -> None:
        """Raises UnauthenticatedError `unknown_ticket`, TooManyRequestsError `too_many_connections`."""
        now = self.clock()
        address = self.tickets.consume(token_hash(ticket), now)
        if address is None:
            raise UnauthenticatedError("unknown_ticket", "The ticket is unknown, used or expired.")
        self.connections.add(Connection(connection_id, address, now + CONNECTION_LIFETIME))
        if self._are_too_many(connection_id, address, now):
            self.forget.run(connection_id)
            most = f"An account has at most {CONNECTIONS_MAX} connections."
            raise TooManyRequestsError(most, CONNECT_AGAIN_SECONDS, code="too_many_connections")

    def _are_too_many(self, connection_id: str, address: str, now: datetime) -> bool:
        """Count after adding, so that concurrent calls never let in more. Those that are gone do not count."""
        opened = self.connections.opened_by(address, now)
        if len(opened) <= CONNECTIONS_MAX:
            return False
        for other in opened:
            if other != connection_id and not self.sender.is_open(other):
                self.forget.run(other)
        return len(self.connections.opened_by(address, now)) > CONNECTIONS_MAX


@dataclass(frozen=True, slots=True)
class CloseConnections:
    """Close all connections of an account of which a session has ended; clients of other sessions connect again."""

    connections: Connections
    sender: ConnectionSender
    clock: Clock

    def run(self, address: str) -> None:
        """API Gateway tells of each end, after which the connection is forgotten."""
        for connection_id in self.connections.opened_by(address, self.clock()):
            self.sender.close(connection_id)


@dataclass(frozen=True, slots=True)
class Forget:
    """Forget a connection that has ended, and what it watched."""

    connections: Connections
    clock: Clock

    def run(self, connection_id: str) -> None:
        """May be repeated."""
        now = self.clock()
        self.connections.remove(connection_id, now, now + RECORDED_AFTER)
