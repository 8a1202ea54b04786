"""What realtime needs from the world. Storage raises StorageUnavailableError where it cannot be asked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from flareflow.metering.models import LiveTotals
from flareflow.realtime.models import Message, News


class Tickets(Protocol):
    """Tickets by their SHA-256."""

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None: ...

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        """Whose ticket it was, for exactly one caller; None once it was used or has expired."""


class Connections(Protocol):
    """Open connections and what they watch."""

    def add(self, connection_id: str, address: str, expires_at: datetime) -> None: ...

    def address(self, connection_id: str) -> str | None: ...

    def watch(self, connection_id: str, subscription_id: int, expires_at: datetime) -> None: ...

    def watched_by(self, connection_id: str) -> Sequence[int]: ...

    def watching(self, subscription_id: int) -> Sequence[str]:
        """The ids of the connections that watch a subscription."""

    def remove(self, connection_id: str) -> None:
        """Forget it and all that it watches; nothing to do where it is forgotten."""


class Messages(Protocol):
    """The messages of each subscription, kept for a day."""

    def publish(self, delivery_id: str, news: News, now: datetime) -> Message:
        """Number and store the news; the message of an earlier call with the same `delivery_id` where there is one.

        Raises RaceLostError where others publish so much that no number could be had.
        """

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        """The oldest `limit` messages with a higher number, in order."""

    def last_sequence(self, subscription_id: int) -> int:
        """The highest number that was given out, 0 before the first."""


class Outlet(Protocol):
    """The way to open connections."""

    def send(self, connection_id: str, text: str) -> bool:
        """False where the connection is gone.

        A connection that only cannot be reached now is not tried again: its client sees the gap and resumes.
        """


class Owners(Protocol):
    """Whose a subscription is, as the chain last told."""

    def owner(self, subscription_id: int) -> str | None: ...


class LiveUsage(Protocol):
    """What a subscription used so far."""

    def live(self, subscription_id: int) -> LiveTotals: ...
