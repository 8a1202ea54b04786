"""RealtimeTable: tickets, connections and messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr, Key
from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, EXPIRES_AT, KEY_NUMBER_MAX, Item, ItemKind
from flareflow.adapters.dynamodb.tables import CONNECTION, DELIVERY, MESSAGE, MESSAGE_COUNTER, TICKET, WATCHED, WATCHER
from flareflow.errors import RaceLostError
from flareflow.json_format import timestamp
from flareflow.realtime.connections import WATCHED_MAX, WATCHERS_MAX
from flareflow.realtime.models import Message, Notification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MESSAGE_LIFETIME: Final = timedelta(days=1)
"""DynamoDB streams keep a record for one day, so no record is delivered again after that."""
PUBLISH_ATTEMPTS_MAX: Final = 5
WATCH_OVERSHOOT: Final = 2
"""Limits are checked before the write; concurrent requests can exceed them up to twofold."""

_ADDRESS: Final = TypeAdapter(str)
_NUMBER: Final = TypeAdapter(int)
_NOTIFICATION: Final = TypeAdapter(Notification)


@dataclass(frozen=True, slots=True)
class DynamoTickets:
    """`Tickets`: an item for each, deleted by its use."""

    table: "Table"

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None:
        item = TICKET.key(ticket_hash=ticket_hash) | {"address": address, EXPIRES_AT: int(expires_at.timestamp())}
        with translating("store a ticket"):
            self.table.put_item(Item=item)

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        try:
            with translating("use up a ticket"):
                used = self.table.delete_item(
                    Key=TICKET.key(ticket_hash=ticket_hash),
                    ConditionExpression=Attr(EXPIRES_AT).gt(int(now.timestamp())),
                    ReturnValues="ALL_OLD",
                )
        except ConditionFailedError:
            return None
        return _ADDRESS.validate_python(used["Attributes"]["address"])


@dataclass(frozen=True, slots=True)
class DynamoConnections:
    """`Connections`. Watching is stored twice: by connection and by subscription."""

    table: "Table"

    def add(self, connection_id: str, address: str, expires_at: datetime) -> None:
        item = CONNECTION.key(connection_id=connection_id) | {
            "address": address,
            EXPIRES_AT: int(expires_at.timestamp()),
        }
        with translating("store a connection"):
            self.table.put_item(Item=item)

    def address(self, connection_id: str) -> str | None:
        with translating("find a connection"):
            found = self.table.get_item(Key=CONNECTION.key(connection_id=connection_id), ConsistentRead=True)
        return _ADDRESS.validate_python(found["Item"]["address"]) if "Item" in found else None

    def watch(self, connection_id: str, subscription_id: int, expires_at: datetime) -> None:
        expiry = {EXPIRES_AT: int(expires_at.timestamp())}
        with translating("watch a subscription"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self.table.name, "Item": key | expiry}}
                    for key in _watch_keys(connection_id, subscription_id)
                ]
            )

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        with translating("end a watch"):
            for key in _watch_keys(connection_id, subscription_id):
                self.table.delete_item(Key=key)

    def watched_by(self, connection_id: str) -> Sequence[int]:
        found = self._query(WATCHED, WATCHED_MAX, connection_id=connection_id)
        return [WATCHED.number(item, "subscription_id") for item in found]

    def watching(self, subscription_id: int) -> Sequence[str]:
        found = self._query(WATCHER, WATCHERS_MAX, subscription_id=subscription_id)
        return [WATCHER.part(item, "connection_id") for item in found]

    def remove(self, connection_id: str) -> None:
        watched = self.watched_by(connection_id)
        keys = [key for number in watched for key in _watch_keys(connection_id, number)]
        with translating("forget a connection"):
            for key in [*keys, CONNECTION.key(connection_id=connection_id)]:
                self.table.delete_item(Key=key)

    def _query(self, kind: ItemKind, limit: int, **parts: str | int) -> list[Item]:
        with translating("list who watches what"):
            found = self.table.query(
                KeyConditionExpression=kind.all_of(**parts), ConsistentRead=True, Limit=limit * WATCH_OVERSHOOT
            )
        return found["Items"]


@dataclass(frozen=True, slots=True)
class DynamoMessages:
    """`Messages`: counter, message and the mark of its delivery are written in one transaction."""

    table: "Table"

    def publish(self, delivery_id: str, notification: Notification, now: datetime) -> Message:
        for _ in range(PUBLISH_ATTEMPTS_MAX):
            message = Message(notification, self.last_sequence(notification.subscription_id) + 1)
            try:
                self._store(delivery_id, message, now)
            except RaceLostError:
                delivered = self._delivered(delivery_id, notification.subscription_id)
                if delivered is not None:
                    return delivered
            else:
                return message
        raise RaceLostError(
            f"a message of subscription {notification.subscription_id} lost {PUBLISH_ATTEMPTS_MAX} races for its number"
        )

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        later = Key("sk").between(MESSAGE.sort_key(sequence=sequence + 1), MESSAGE.sort_key(sequence=KEY_NUMBER_MAX))
        with translating("read messages"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(MESSAGE.partition(subscription_id=subscription_id)) & later,
                Limit=limit,
            )
        return [_message(item) for item in found["Items"]]

    def last_sequence(self, subscription_id: int) -> int:
        with translating("read the last number of a message"):
            found = self.table.get_item(Key=MESSAGE_COUNTER.key(subscription_id=subscription_id), ConsistentRead=True)
        return _NUMBER.validate_python(found["Item"]["sequence"]) if "Item" in found else 0

    def _store(self, delivery_id: str, message: Message, now: datetime) -> None:
        expiry = {EXPIRES_AT: int((now + MESSAGE_LIFETIME).timestamp())}
        sequence = {"sequence": message.sequence}
        with translating("store a message"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Put": self._put_if_absent(DELIVERY.key(delivery_id=delivery_id) | sequence | expiry)},
                    {"Put": self._put_if_absent(_message_item(message) | expiry)},
                    {"Put": self._counter(message)},
                ]
            )

    def _put_if_absent(self, item: Item) -> Any:
        return {
            "TableName": self.table.name,
            "Item": item,
            "ConditionExpression": ABSENT,
        }

    def _counter(self, message: Message) -> Any:
        """Move the counter to the message's number, on condition that it is at the number before."""
        return {
            "TableName": self.table.name,
            "Item": MESSAGE_COUNTER.key(subscription_id=message.notification.subscription_id)
            | {"sequence": message.sequence},
            "ConditionExpression": f"{ABSENT} OR #sequence = :previous",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {":previous": message.sequence - 1},
        }

    def _delivered(self, delivery_id: str, subscription_id: int) -> Message | None:
        with translating("read what was delivered"):
            mark = self.table.get_item(Key=DELIVERY.key(delivery_id=delivery_id), ConsistentRead=True).get("Item")
            if mark is None:
                return None
            sequence = _NUMBER.validate_python(mark["sequence"])
            key = MESSAGE.key(subscription_id=subscription_id, sequence=sequence)
            return _message(self.table.get_item(Key=key, ConsistentRead=True)["Item"])


def _watch_keys(connection_id: str, subscription_id: int) -> list[Item]:
    return [kind.key(connection_id=connection_id, subscription_id=subscription_id) for kind in (WATCHED, WATCHER)]


def _message_item(message: Message) -> Item:
    notification = message.notification
    return {
        **MESSAGE.key(subscription_id=notification.subscription_id, sequence=message.sequence),
        "sequence": message.sequence,
        "type": notification.type.value,
        "subscription_id": notification.subscription_id,
        "at": timestamp(notification.at),
        "payload": dict(notification.payload),
    }


def _message(item: Item) -> Message:
    return Message(_NOTIFICATION.validate_python(item), _NUMBER.validate_python(item["sequence"]))
