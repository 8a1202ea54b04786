"""RealtimeTable: the messages of each subscription, and its log."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import ABSENT, EXPIRES_AT, KEY_NUMBER_MAX, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.live_kinds import MESSAGE, MESSAGE_LOG, THROUGH
from flareflow.json_format import timestamp, to_json
from flareflow.realtime.models import Log, Message, MessageType, Notification, Source, Through

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

MESSAGE_LIFETIME: Final = timedelta(days=1)

_NUMBER: Final = LateAdapter(int)
_TIME: Final = LateAdapter(datetime)


@dataclass(frozen=True, slots=True)
class DynamoMessages:
    """`Messages`: messages and the log are written in one transaction, on condition that the log has not changed."""

    table: "Table"

    def log(self, subscription_id: int) -> Log:
        with translating("read a log of messages"):
            found = self.table.get_item(Key=MESSAGE_LOG.key(subscription_id=subscription_id), ConsistentRead=True)
        return _log(found.get("Item", {}))

    def begin(self, subscription_id: int) -> None:
        with translating("begin a log of messages"):
            self.table.update_item(
                Key=MESSAGE_LOG.key(subscription_id=subscription_id),
                UpdateExpression="SET #last = if_not_exists(#last, :none) + :one, "
                "complete_after = if_not_exists(#last, :none) + :one",
                ExpressionAttributeNames={"#last": "sequence"},
                ExpressionAttributeValues={":none": 0, ":one": 1},
            )

    def append(
        self, log: Log, notifications: Sequence[Notification], through: Through, now: datetime
    ) -> Sequence[Message]:
        messages = [Message(told, log.sequence + place) for place, told in enumerate(notifications, 1)]
        expires_at = int((now + MESSAGE_LIFETIME).timestamp())
        puts: list[Any] = [
            {"Put": {"TableName": self.table.name, "Item": _item(message) | {EXPIRES_AT: expires_at}}}
            for message in messages
        ]
        with translating("store messages"):
            self.table.meta.client.transact_write_items(
                TransactItems=[*puts, {"Update": self._advance(log, messages[-1], through, now)}]
            )
        return messages

    def after(self, subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        later = Key("sk").between(MESSAGE.sort_key(sequence=sequence + 1), MESSAGE.sort_key(sequence=KEY_NUMBER_MAX))
        with translating("read messages"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(MESSAGE.partition(subscription_id=subscription_id)) & later,
                ConsistentRead=True,
                Limit=limit,
            )
        return [_message(subscription_id, item) for item in found["Items"]]

    def _advance(self, log: Log, last: Message, through: Through, now: datetime) -> Any:
        """Move the log to the last message, on condition that it is where it was read."""
        changed = {"sequence": last.sequence, "written_at": timestamp(now)}
        changed |= {THROUGH.format(source=source): str(number) for source, number in through.items()}
        names = {f"#{place}": name for place, name in enumerate(changed)}
        values = {f":{place}": value for place, value in enumerate(changed.values())}
        return {
            "TableName": self.table.name,
            "Key": MESSAGE_LOG.key(subscription_id=last.notification.subscription_id),
            "UpdateExpression": "SET " + ", ".join(f"#{place} = :{place}" for place in range(len(changed))),
            "ConditionExpression": "#0 = :read" if log.sequence else f"{ABSENT} OR #0 = :read",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values | {":read": log.sequence},
        }


def _log(item: Item) -> Log:
    through = {source: item.get(THROUGH.format(source=source)) for source in Source}
    return Log(
        sequence=_NUMBER.validate_python(item.get("sequence", 0)),
        complete_after=_NUMBER.validate_python(item.get("complete_after", 0)),
        through={source: int(str(number)) for source, number in through.items() if number is not None},
        written_at=_TIME.validate_python(item["written_at"]) if "written_at" in item else None,
    )


def _item(message: Message) -> Item:
    told = message.notification
    key = MESSAGE.key(subscription_id=told.subscription_id, sequence=message.sequence)
    return {**key, "type": told.type.value, "at": timestamp(told.at), "data": to_json(told.data)}


def _message(subscription_id: int, item: Item) -> Message:
    told = Notification(
        MessageType(str(item["type"])),
        subscription_id,
        _TIME.validate_python(item["at"]),
        json.loads(str(item["data"])),
    )
    return Message(told, MESSAGE.number(item, "sequence"))
