"""Stream records of UsageTable and LedgerTable, decoded into what the functions behind the streams react to."""

from datetime import UTC, datetime

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord, StreamRecord

from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger import subscription_of
from flareflow.adapters.dynamodb.tables import LIVE_TOTALS, SUBSCRIPTION, USAGE_EVENT
from flareflow.adapters.dynamodb.usage_items import event_of
from flareflow.metering.models import EventStatus, UsageEvent
from flareflow.realtime.changes import Change, SubscriptionChanged, UsageChanged


def decode_change(record: DynamoDBRecord) -> Change | None:
    """The change of a usage event or a subscription.

    None for every other item, for a deletion, and for a usage event with the same content and status as before.
    """
    stream = StreamRecord(record["dynamodb"])
    old, new = stream.old_image, stream.new_image
    change_id, at = record["eventID"], datetime.fromtimestamp(stream["ApproximateCreationDateTime"], UTC)
    if USAGE_EVENT.matches(new):
        event, status = _usage(new)
        return None if old and _usage(old) == (event, status) else UsageChanged(change_id, at, event, status)
    if SUBSCRIPTION.matches(new):
        return SubscriptionChanged(change_id, at, subscription_of(old) if old else None, subscription_of(new))
    return None


def decode_changed_funds(record: DynamoDBRecord) -> int | None:
    """The id of the subscription whose balance, status or live usage changed; None for every other item."""
    keys = StreamRecord(record["dynamodb"]).keys
    for kind in (LIVE_TOTALS, SUBSCRIPTION):
        if kind.matches(keys):
            return kind.number(keys, "subscription_id")
    return None


def _usage(item: Item) -> tuple[UsageEvent, EventStatus]:
    return event_of(item), EventStatus(item["status"])
