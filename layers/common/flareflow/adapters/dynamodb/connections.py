"""RealtimeTable: tickets, connections, and what they watch."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.live_kinds import (
    CONNECTION,
    CONNECTION_OF,
    RECORDED,
    TICKET,
    WATCHED,
    WATCHED_AT_ALL,
    WATCHER,
)
from flareflow.realtime.connections import CONNECTION_LIFETIME
from flareflow.realtime.models import Audience, Connection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

LISTED_MAX: Final = 100
"""Items of one list. The limits are lower; concurrent requests and what has expired can exceed them."""

WATCHED_PAGES_MAX: Final = 100
"""Pages of 1 MB, each with about ten thousand watched subscriptions."""

_ADDRESS: Final = LateAdapter(str)
_NUMBER: Final = LateAdapter(int)


@dataclass(frozen=True, slots=True)
class DynamoTickets:
    """`Tickets`: an item for each, deleted by its use."""

    table: "Table"

    def put(self, ticket_hash: str, address: str, expires_at: datetime) -> None:
        item = TICKET.key(ticket_hash=ticket_hash) | {"address": address} | _expiry(expires_at)
        with translating("store a ticket"):
            self.table.put_item(Item=item)

    def consume(self, ticket_hash: str, now: datetime) -> str | None:
        try:
            with translating("use up a ticket"):
                used = self.table.delete_item(
                    Key=TICKET.key(ticket_hash=ticket_hash),
                    ConditionExpression=Attr(EXPIRES_AT).gt(_seconds(now)),
                    ReturnValues="ALL_OLD",
                )
        except ConditionFailedError:
            return None
        return _ADDRESS.validate_python(used["Attributes"]["address"])


@dataclass(frozen=True, slots=True)
class DynamoConnections:
    """`Connections`. A connection is stored by its id and by its account, a watch by connection and by subscription."""

    table: "Table"

    def add(self, connection: Connection) -> None:
        key = CONNECTION.key(connection_id=connection.connection_id) | {"address": connection.address}
        self._put_all("store a connection", [key, _of_account(connection)], connection.expires_at)

    def find(self, connection_id: str) -> Connection | None:
        with translating("find a connection"):
            found = self.table.get_item(Key=CONNECTION.key(connection_id=connection_id), ConsistentRead=True)
        item = found.get("Item")
        if item is None:
            return None
        return Connection(connection_id, _ADDRESS.validate_python(item["address"]), _expires_at(item))

    def opened_by(self, address: str, now: datetime) -> Sequence[str]:
        found = self._query(CONNECTION_OF.all_of(address=address))
        return [CONNECTION_OF.part(item, "connection_id") for item in found if _expires_at(item) > now]

    def watch(self, connection: Connection, subscription_id: int) -> None:
        others = set(self.watched_by(connection.connection_id)) - {subscription_id}
        watched, watcher = _watch_keys(connection.connection_id, subscription_id)
        count = len(others) + 1
        self._put_all("watch a subscription", [watched, watcher | {"watched": count}], connection.expires_at)
        self._note_count(connection.connection_id, others, count)
        at_all = WATCHED_AT_ALL.key(subscription_id=subscription_id)
        self._put_all("list a subscription as watched", [at_all], connection.expires_at + CONNECTION_LIFETIME)

    def unwatch(self, connection_id: str, subscription_id: int) -> None:
        self._delete_watch(connection_id, subscription_id)
        left = self.watched_by(connection_id)
        self._note_count(connection_id, left, len(left))

    def watched_by(self, connection_id: str) -> Sequence[int]:
        found = self._query(WATCHED.all_of(connection_id=connection_id))
        return [WATCHED.number(item, "subscription_id") for item in found]

    def audience(self, subscription_id: int, now: datetime) -> Audience:
        found = self._query(Key("pk").eq(WATCHER.partition(subscription_id=subscription_id)))
        present = [item for item in found if _expires_at(item) > now]
        watching = [item for item in present if WATCHER.matches(item)]
        return Audience(
            watchers=[WATCHER.part(item, "connection_id") for item in watching],
            is_recorded=bool(present),
            watched_most=max((_NUMBER.validate_python(item.get("watched", 1)) for item in watching), default=1),
        )

    def watched(self, now: datetime) -> Sequence[int]:
        found: list[Item] = []
        start: Any = {}
        for _ in range(WATCHED_PAGES_MAX):
            with translating("list what is watched"):
                page = self.table.query(KeyConditionExpression=WATCHED_AT_ALL.all_of(), ConsistentRead=True, **start)
            found += page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return [WATCHED_AT_ALL.number(item, "subscription_id") for item in found if _expires_at(item) > now]

    def remove(self, connection_id: str, now: datetime, recorded_until: datetime) -> None:
        for item in self._query(WATCHED.all_of(connection_id=connection_id)):
            subscription_id = WATCHED.number(item, "subscription_id")
            if _expires_at(item) > now:
                recorded = RECORDED.key(subscription_id=subscription_id)
                self._put_all("go on storing messages", [recorded], recorded_until)
            self._delete_watch(connection_id, subscription_id)
        with translating("forget a connection"):
            key = CONNECTION.key(connection_id=connection_id)
            gone = self.table.delete_item(Key=key, ReturnValues="ALL_OLD").get("Attributes")
            if gone is not None:
                of_account = CONNECTION_OF.key(address=str(gone["address"]), connection_id=connection_id)
                self.table.delete_item(Key=of_account)

    def _put_all(self, what: str, items: Sequence[Item], expires_at: datetime) -> None:
        puts: list[Any] = [{"Put": {"TableName": self.table.name, "Item": one | _expiry(expires_at)}} for one in items]
        with translating(what):
            self.table.meta.client.transact_write_items(TransactItems=puts)

    def _delete_watch(self, connection_id: str, subscription_id: int) -> None:
        with translating("end a watch"):
            for key in _watch_keys(connection_id, subscription_id):
                self.table.delete_item(Key=key)

    def _note_count(self, connection_id: str, watched: Iterable[int], count: int) -> None:
        """Note with each watch how many its connection has; one that has ended meanwhile stays ended."""
        for subscription_id in watched:
            with suppress(ConditionFailedError), translating("count the watches of a connection"):
                self.table.update_item(
                    Key=WATCHER.key(connection_id=connection_id, subscription_id=subscription_id),
                    UpdateExpression="SET watched = :watched",
                    ConditionExpression=Attr("pk").exists(),
                    ExpressionAttributeValues={":watched": count},
                )

    def _query(self, condition: ConditionBase) -> list[Item]:
        with translating("list connections"):
            found = self.table.query(KeyConditionExpression=condition, ConsistentRead=True, Limit=LISTED_MAX)
        return found["Items"]


def _of_account(connection: Connection) -> Item:
    return CONNECTION_OF.key(address=connection.address, connection_id=connection.connection_id)


def _watch_keys(connection_id: str, subscription_id: int) -> list[Item]:
    return [kind.key(connection_id=connection_id, subscription_id=subscription_id) for kind in (WATCHED, WATCHER)]


def _expiry(moment: datetime) -> Item:
    return {EXPIRES_AT: _seconds(moment)}


def _expires_at(item: Item) -> datetime:
    return datetime.fromtimestamp(_NUMBER.validate_python(item[EXPIRES_AT]), UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
