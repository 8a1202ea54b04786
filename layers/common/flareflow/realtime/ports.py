"""Ports of the realtime package. Storage adapters raise StorageUnavailableError when their store cannot be reached."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flareflow.realtime.models import Message, Notification


class Tickets(Protocol):
    """Tickets, stored by their SHA-256."""

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None: ...

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        """Return the ticket's address, to exactly one caller; None if it is unknown, used or expired."""


class Connections(Protocol):
    """Open connections and the subscriptions that they watch."""

    def add(self, connection_id: str, address: str, expires_at: datetime) -> None: ...

    def address(self, connection_id: str) -> str | None: ...

    def watch(self, connection_id: str, subscription_id: int, expires_at: datetime) -> None: ...

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        """End one watch; one that does not exist changes nothing."""

    def watched_by(self, connection_id: str) -> Sequence[int]: ...

    def watching(self, subscription_id: int) -> Sequence[str]:
        """The ids of the connections that watch a subscription."""

    def remove(self, connection_id: str) -> None:
        """Delete the connection and everything that it watches; an unknown connection changes nothing."""


class Messages(Protocol):
    """The messages of each subscription, stored for a day."""

    def publish(self, delivery_id: str, notification: Notification, now: datetime) -> Message:
        """Store the notification as the next message of its subscription.

        A repeated call with the same `delivery_id` returns the message that the first one stored.
        Raises RaceLostError when concurrent calls took every sequence number that was tried.
        """

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        """The oldest `limit` messages with a higher sequence number, in order."""

    def last_sequence(self, subscription_id: int) -> int:
        """The sequence number of the last message; 0 when there is none."""


class ConnectionSender(Protocol):
    """Sends text to connected WebSocket clients."""

    def send(self, connection_id: str, text: str) -> bool:
        """Send `text`; return False if the connection no longer exists.

        Any other failure returns True and is not retried: the client sees the gap in the sequence and resumes.
        """


class Owners(Protocol):
    """The owners of subscriptions, as of the last chain event that was read."""

    def owner(self, subscription_id: int) -> str | None:
        """The owner's Flow address; None for an unknown subscription."""
