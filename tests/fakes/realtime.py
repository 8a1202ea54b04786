"""In-memory fakes of the realtime package's ports."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flareflow.realtime.models import Message, Notification


@dataclass
class FakeTickets:
    """`Tickets` in memory."""

    tickets: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None:
        self.tickets[ticket_hash] = address, expires_at

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        address, expires_at = self.tickets.get(ticket_hash, ("", now))
        if expires_at <= now:
            return None
        del self.tickets[ticket_hash]
        return address


@dataclass
class FakeConnections:
    """`Connections` in memory. `expiries` are told in the order of the calls and delete nothing."""

    addresses: dict[str, str] = field(default_factory=dict)
    watches: set[tuple[str, int]] = field(default_factory=set)
    expiries: list[datetime] = field(default_factory=list)

    def add(self, connection_id: str, address: str, expires_at: datetime) -> None:
        self.addresses[connection_id] = address
        self.expiries.append(expires_at)

    def address(self, connection_id: str) -> str | None:
        return self.addresses.get(connection_id)

    def watch(self, connection_id: str, subscription_id: int, expires_at: datetime) -> None:
        self.watches.add((connection_id, subscription_id))
        self.expiries.append(expires_at)

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        self.watches.discard((connection_id, subscription_id))

    def watched_by(self, connection_id: str) -> Sequence[int]:
        return sorted(number for watcher, number in self.watches if watcher == connection_id)

    def watching(self, subscription_id: int) -> Sequence[str]:
        return sorted(watcher for watcher, number in self.watches if number == subscription_id)

    def remove(self, connection_id: str) -> None:
        self.addresses.pop(connection_id, None)
        self.watches = {watch for watch in self.watches if watch[0] != connection_id}


@dataclass
class FakeMessages:
    """`Messages` in memory."""

    messages: dict[int, list[Message]] = field(default_factory=lambda: defaultdict(list))
    delivered: dict[str, Message] = field(default_factory=dict)

    def publish(self, delivery_id: str, notification: Notification, now: datetime) -> Message:
        if delivery_id not in self.delivered:
            message = Message(notification, self.last_sequence(notification.subscription_id) + 1)
            self.messages[notification.subscription_id].append(message)
            self.delivered[delivery_id] = message
        return self.delivered[delivery_id]

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        later = [message for message in self.messages[subscription_id] if message.sequence > sequence]
        return later[:limit]

    def last_sequence(self, subscription_id: int) -> int:
        return len(self.messages[subscription_id])


@dataclass
class FakeConnectionSender:
    """`ConnectionSender` that keeps what it sent; connections in `gone` are gone."""

    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gone: set[str] = field(default_factory=set)

    def send(self, connection_id: str, text: str) -> bool:
        if connection_id in self.gone:
            return False
        self.sent[connection_id].append(text)
        return True
