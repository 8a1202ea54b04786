"""In-memory fakes of the realtime package's ports."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flareflow.errors import NotFoundError, RaceLostError
from flareflow.realtime.models import Audience, Connection, Log, Message, Notification, Through
from flareflow.realtime.payloads import Snapshot


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
    """`Connections` in memory. `recorded` is until when messages are stored though the watchers have gone."""

    connections: dict[str, Connection] = field(default_factory=dict)
    watches: dict[tuple[str, int], datetime] = field(default_factory=dict)
    recorded: dict[int, datetime] = field(default_factory=dict)

    def add(self, connection: Connection) -> None:
        self.connections[connection.connection_id] = connection

    def find(self, connection_id: str) -> Connection | None:
        return self.connections.get(connection_id)

    def opened_by(self, address: str, now: datetime) -> Sequence[str]:
        opened = [one for one in self.connections.values() if one.address == address and one.expires_at > now]
        return sorted(one.connection_id for one in opened)

    def watch(self, connection: Connection, subscription_id: int) -> None:
        self.watches[connection.connection_id, subscription_id] = connection.expires_at

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        self.watches.pop((connection_id, subscription_id), None)

    def watched_by(self, connection_id: str) -> Sequence[int]:
        return sorted(number for watcher, number in self.watches if watcher == connection_id)

    def audience(self, subscription_id: int, now: datetime) -> Audience:
        watching = [(watcher, ends) for (watcher, number), ends in self.watches.items() if number == subscription_id]
        watchers = sorted(watcher for watcher, ends in watching if ends > now)
        recorded_until = self.recorded.get(subscription_id, now)
        most = max((len(self.watched_by(watcher)) for watcher in watchers), default=1)
        return Audience(watchers, is_recorded=bool(watchers) or recorded_until > now, watched_most=most)

    def watched(self, now: datetime) -> Sequence[int]:
        return sorted({number for (_, number), ends in self.watches.items() if ends > now})

    def remove(self, connection_id: str, now: datetime, recorded_until: datetime) -> None:
        for subscription_id in self.watched_by(connection_id):
            if self.watches.pop((connection_id, subscription_id)) > now:
                self.recorded[subscription_id] = recorded_until
        self.connections.pop(connection_id, None)


@dataclass
class FakeMessages:
    """`Messages` in memory."""

    logs: dict[int, Log] = field(default_factory=dict)
    messages: dict[int, list[Message]] = field(default_factory=lambda: defaultdict(list))

    def log(self, subscription_id: int) -> Log:
        return self.logs.get(subscription_id, Log())

    def begin(self, subscription_id: int) -> None:
        log = self.log(subscription_id)
        self.logs[subscription_id] = replace(log, sequence=log.sequence + 1, complete_after=log.sequence + 1)

    def append(
        self, log: Log, notifications: Sequence[Notification], through: Through, now: datetime
    ) -> Sequence[Message]:
        subscription_id = notifications[0].subscription_id
        present = self.log(subscription_id)
        if present.sequence != log.sequence:
            raise RaceLostError("another message was stored")
        messages = [Message(told, log.sequence + place) for place, told in enumerate(notifications, 1)]
        self.messages[subscription_id] += messages
        through = {**present.through, **through}
        self.logs[subscription_id] = Log(messages[-1].sequence, present.complete_after, through, now)
        return messages

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        later = [message for message in self.messages[subscription_id] if message.sequence > sequence]
        return later[:limit]


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

    def broadcast(self, connection_ids: Sequence[str], texts: Sequence[str]) -> Collection[str]:
        return [one for one in connection_ids if not all(self.send(one, text) for text in texts)]

    def close(self, connection_id: str) -> None:
        self.gone.add(connection_id)

    def is_open(self, connection_id: str) -> bool:
        return connection_id not in self.gone


@dataclass
class FakeSnapshots:
    """`Snapshots` in memory."""

    states: dict[int, Snapshot] = field(default_factory=dict)

    def of(self, subscription_id: int) -> Snapshot:
        if subscription_id not in self.states:
            raise NotFoundError("subscription_not_found", f"no subscription {subscription_id}")
        return self.states[subscription_id]
