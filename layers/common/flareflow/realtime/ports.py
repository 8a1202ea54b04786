"""Ports of the realtime package. Storage adapters raise StorageUnavailableError when their store cannot be reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flareflow.realtime.models import Audience, Connection, Log, Message, Notification, Through
    from flareflow.realtime.payloads import Snapshot


class Tickets(Protocol):
    """Tickets, stored by their SHA-256."""

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None: ...

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        """Return the ticket's address, to exactly one caller; None if it is unknown, used or expired."""


class Connections(Protocol):
    """Open connections and the subscriptions that they watch. Whatever has expired at `now` does not count."""

    def add(self, connection: Connection) -> None: ...

    def find(self, connection_id: str) -> Connection | None: ...

    def opened_by(self, address: str, now: datetime) -> Sequence[str]:
        """The ids of an account's connections."""

    def watch(self, connection: Connection, subscription_id: int) -> None:
        """Let the connection watch until it expires."""

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        """End one watch; one that does not exist changes nothing."""

    def watched_by(self, connection_id: str) -> Sequence[int]: ...

    def audience(self, subscription_id: int, now: datetime) -> Audience:
        """Who watches a subscription, whether its messages are stored, and how many subscriptions a watcher watches.

        That number may be of a moment ago, where a connection begins or ends several watches at the same time.
        """

    def watched(self, now: datetime) -> Sequence[int]:
        """The subscriptions that somebody watches, and maybe some that nobody watches any more."""

    def remove(self, connection_id: str, now: datetime, recorded_until: datetime) -> None:
        """Delete the connection and everything that it watches; an unknown connection changes nothing.

        The messages of what it watched are stored until `recorded_until`, so that it can connect again and resume.
        """


class Messages(Protocol):
    """The messages of each subscription, stored for a day."""

    def log(self, subscription_id: int) -> Log: ...

    def begin(self, subscription_id: int) -> None:
        """Take a number for what was not stored, so that nobody resumes from before it."""

    def append(
        self, log: Log, notifications: Sequence[Notification], through: Through, now: datetime
    ) -> Sequence[Message]:
        """Store the notifications of one subscription with the next numbers, all or none, and up to which records.

        Raises RaceLostError when another message was stored since `log` was read.
        """

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        """The oldest `limit` messages with a higher sequence number, in order."""


class ConnectionSender(Protocol):
    """Sends text to connected WebSocket clients."""

    def send(self, connection_id: str, text: str) -> bool:
        """Send `text`; return False if the connection no longer exists.

        Any other failure returns True and is not retried: the client sees the gap in the sequence and resumes.
        """

    def broadcast(self, connection_ids: Sequence[str], texts: Sequence[str]) -> Collection[str]:
        """Send the texts in order to each connection, to all at once and within a bounded time.

        Returns the connections that no longer exist, or that were closed because they take no text.
        """

    def close(self, connection_id: str) -> None:
        """Close a connection; failures are logged, and a connection that no longer exists changes nothing."""

    def is_open(self, connection_id: str) -> bool:
        """False if the connection no longer exists; True also when that cannot be found out."""


class Owners(Protocol):
    """The owners of subscriptions, as of the last chain event that was read."""

    def owner(self, subscription_id: int) -> str | None:
        """The owner's Flow address; None for an unknown subscription."""


class Snapshots(Protocol):
    """Subscriptions as they are now."""

    def of(self, subscription_id: int) -> Snapshot:
        """Raises NotFoundError `subscription_not_found` for a subscription that the ledger does not know."""
