"""RealtimeTable: tickets, connections and messages (keys: see `tables`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr, Key
from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.errors import RaceLostError, StorageUnavailableError
from flareflow.json_format import timestamp
from flareflow.realtime.connections import WATCHED_MAX, WATCHERS_MAX
from flareflow.realtime.models import Message, Notification

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MESSAGE_LIFETIME: Final = timedelta(days=1)
"""As long as a stream keeps a record: after that none can be delivered again."""
PUBLISH_ATTEMPTS_MAX: Final = 5
WATCH_OVERSHOOT: Final = 2
"""The limits of watching are checked before writing; as many again may slip in at the same moment."""

type Item = dict[str, Any]

_ADDRESS: Final = TypeAdapter(str)
_NUMBER: Final = TypeAdapter(int)
_NOTIFICATION: Final = TypeAdapter(Notification)


@dataclass(frozen=True, slots=True)
class DynamoTickets:
    """`Tickets` as items that are deleted once."""

    table: "Table"

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None:
        item = _ticket_key(ticket_hash) | {"address": address, "expires_at": int(expires_at.timestamp())}
        with translating("keep a ticket"):
            self.table.put_item(Item=item)

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        try:
            with translating("use up a ticket"):
                used = self.table.delete_item(
                    Key=_ticket_key(ticket_hash),
                    ConditionExpression=Attr("expires_at").gt(int(now.timestamp())),
                    ReturnValues="ALL_OLD",
                )
        except RaceLostError:
            return None
        return _ADDRESS.validate_python(used["Attributes"]["address"])


@dataclass(frozen=True, slots=True)
class DynamoConnections:
    """`Connections`, written twice: what a connection watches, and who watches a subscription."""

    table: "Table"

    def add(self, connection_id: str, address: str, expires_at: datetime) -> None:
        item = _connection_key(connection_id) | {
            "address": address,
            "expires_at": int(expires_at.timestamp()),
        }
        with translating("keep a connection"):
            self.table.put_item(Item=item)

    def address(self, connection_id: str) -> str | None:
        with translating("find a connection"):
            found = self.table.get_item(Key=_connection_key(connection_id), ConsistentRead=True)
        return _ADDRESS.validate_python(found["Item"]["address"]) if "Item" in found else None

    def watch(self, connection_id: str, subscription_id: int, expires_at: datetime) -> None:
        expiry = {"expires_at": int(expires_at.timestamp())}
        with translating("watch a subscription"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Put": {"TableName": self.table.name, "Item": key | expiry}}
                    for key in _watch_keys(connection_id, subscription_id)
                ]
            )

    def watched_by(self, connection_id: str) -> Sequence[int]:
        return [int(number) for number in self._names(f"CONNECTION#{connection_id}", "SUB#", WATCHED_MAX)]

    def watching(self, subscription_id: int) -> Sequence[str]:
        return self._names(f"WATCH#{subscription_id}", "CONNECTION#", WATCHERS_MAX)

    def remove(self, connection_id: str) -> None:
        watched = self.watched_by(connection_id)
        keys = [key for number in watched for key in _watch_keys(connection_id, number)]
        with translating("forget a connection"):
            for key in [*keys, _connection_key(connection_id)]:
                self.table.delete_item(Key=key)

    def _names(self, partition: str, prefix: str, limit: int) -> list[str]:
        with translating("list who watches what"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(partition) & Key("sk").begins_with(prefix),
                ConsistentRead=True,
                Limit=limit * WATCH_OVERSHOOT,
            )
        return [str(item["sk"]).removeprefix(prefix) for item in found["Items"]]


@dataclass(frozen=True, slots=True)
class DynamoMessages:
    """`Messages`: number, message and the mark of its delivery are written in one transaction."""

    table: "Table"

    def publish(self, delivery_id: str, notification: Notification, now: datetime) -> Message:
        for _ in range(PUBLISH_ATTEMPTS_MAX):
            message = Message(notification, self.last_sequence(notification.subscription_id) + 1)
            try:
                self._store(delivery_id, message, now)
            except (RaceLostError, StorageUnavailableError):
                # The second where two transactions met; if it is more than that, the next read raises it.
                delivered = self._delivered(delivery_id, notification.subscription_id)
                if delivered is not None:
                    return delivered
            else:
                return message
        raise RaceLostError(f"no number could be had for a message of subscription {notification.subscription_id}")

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        with translating("read messages"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(f"MESSAGES#{subscription_id}")
                & Key("sk").between(_sequence_key(sequence + 1), "SEQUENCE#~"),
                Limit=limit,
            )
        return [_message(item) for item in found["Items"]]

    def last_sequence(self, subscription_id: int) -> int:
        with translating("read the last number of a message"):
            found = self.table.get_item(Key=_counter_key(subscription_id), ConsistentRead=True)
        return _NUMBER.validate_python(found["Item"]["sequence"]) if "Item" in found else 0

    def _store(self, delivery_id: str, message: Message, now: datetime) -> None:
        expiry = {"expires_at": int((now + MESSAGE_LIFETIME).timestamp())}
        sequence = {"sequence": message.sequence}
        with translating("store a message"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Put": self._put_if_absent(_delivery_key(delivery_id) | sequence | expiry)},
                    {"Put": self._put_if_absent(_message_item(message) | expiry)},
                    {"Put": self._counter(message)},
                ]
            )

    def _put_if_absent(self, item: Item) -> Any:
        return {
            "TableName": self.table.name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _counter(self, message: Message) -> Any:
        """The next number, if nobody else has taken it."""
        return {
            "TableName": self.table.name,
            "Item": _counter_key(message.notification.subscription_id) | {"sequence": message.sequence},
            "ConditionExpression": "attribute_not_exists(pk) OR #sequence = :previous",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {":previous": message.sequence - 1},
        }

    def _delivered(self, delivery_id: str, subscription_id: int) -> Message | None:
        with translating("read what was delivered"):
            mark = self.table.get_item(Key=_delivery_key(delivery_id), ConsistentRead=True).get("Item")
            if mark is None:
                return None
            sequence = _NUMBER.validate_python(mark["sequence"])
            key = {"pk": f"MESSAGES#{subscription_id}", "sk": _sequence_key(sequence)}
            return _message(self.table.get_item(Key=key, ConsistentRead=True)["Item"])


def _ticket_key(ticket_hash: str) -> Item:
    return {"pk": f"TICKET#{ticket_hash}", "sk": "TICKET"}


def _connection_key(connection_id: str) -> Item:
    return {"pk": f"CONNECTION#{connection_id}", "sk": "CONNECTION"}


def _watch_keys(connection_id: str, subscription_id: int) -> list[Item]:
    return [
        {"pk": f"CONNECTION#{connection_id}", "sk": f"SUB#{subscription_id}"},
        {"pk": f"WATCH#{subscription_id}", "sk": f"CONNECTION#{connection_id}"},
    ]


def _counter_key(subscription_id: int) -> Item:
    return {"pk": f"MESSAGES#{subscription_id}", "sk": "COUNTER"}


def _delivery_key(delivery_id: str) -> Item:
    return {"pk": f"DELIVERED#{delivery_id}", "sk": "MESSAGE"}


def _sequence_key(sequence: int) -> str:
    return f"SEQUENCE#{number_key(sequence)}"


def _message_item(message: Message) -> Item:
    notification = message.notification
    return {
        "pk": f"MESSAGES#{notification.subscription_id}",
        "sk": _sequence_key(message.sequence),
        "sequence": message.sequence,
        "type": notification.type.value,
        "subscription_id": notification.subscription_id,
        "at": timestamp(notification.at),
        "payload": dict(notification.payload),
    }


def _message(item: Item) -> Message:
    return Message(_NOTIFICATION.validate_python(item), _NUMBER.validate_python(item["sequence"]))
