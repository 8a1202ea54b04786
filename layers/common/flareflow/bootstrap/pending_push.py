"""Composition root of `pending_push`."""

import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.adapters.aws.websocket import websocket_connections
from flareflow.adapters.dynamodb.changes import decode_change, is_of_epoch
from flareflow.adapters.dynamodb.connections import DynamoConnections
from flareflow.adapters.dynamodb.failed_records import FailedRecords
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.adapters.dynamodb.stream_records import Record
from flareflow.entrypoints.settings import Settings
from flareflow.realtime.changes import Change
from flareflow.realtime.connections import Forget
from flareflow.realtime.pushing import Push
from flareflow.time import utc_now

if TYPE_CHECKING:
    from flareflow.adapters.dynamodb.epoch_changes import EpochChanges
    from flareflow.webhooks.announcing import Announce


class PendingPushSettings(Settings):
    """Environment of the function."""

    realtime_table: str
    statements_table: str
    documents_bucket: str
    websocket_url: str
    ledger_table: str
    webhooks_table: str
    webhooks_queue: str


def decode(record: Record) -> Sequence[Change]:
    """What a record of any of the four streams means to subscriptions."""
    if is_of_epoch(record):
        return epoch_changes().of(record)
    change = decode_change(record)
    return [] if change is None else [change]


@cache
def epoch_changes() -> "EpochChanges":
    """Imported and made when the first epoch is sealed or attested; no call needs it."""
    from flareflow.adapters.aws.documents import CONFIG, S3Documents
    from flareflow.adapters.dynamodb.epoch_changes import EpochChanges
    from flareflow.adapters.dynamodb.statements import DynamoStatements

    settings = PendingPushSettings.from_environment()
    dynamodb = boto3.resource("dynamodb")
    return EpochChanges(
        connections=DynamoConnections(dynamodb.Table(settings.realtime_table)),
        statements=DynamoStatements(dynamodb.Table(settings.statements_table)),
        documents=S3Documents(boto3.client("s3", config=CONFIG), settings.documents_bucket),
        clock=utc_now,
    )


@cache
def push() -> Push:
    settings = PendingPushSettings.from_environment()
    realtime = boto3.resource("dynamodb").Table(settings.realtime_table)
    connections = DynamoConnections(realtime)
    return Push(
        messages=DynamoMessages(realtime),
        connections=connections,
        sender=websocket_connections(settings.websocket_url),
        forget=Forget(connections, utc_now),
        clock=utc_now,
        pause=time.sleep,
    )


@cache
def announce() -> "Announce":
    """Imported and made at the first event that webhooks can be told of; no call is one."""
    from flareflow.adapters.aws.delivery_queue import SqsDeliveryQueue
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader
    from flareflow.adapters.dynamodb.webhooks import DynamoDeliveries, DynamoWebhooks
    from flareflow.webhooks.announcing import Announce

    settings = PendingPushSettings.from_environment()
    dynamodb = boto3.resource("dynamodb")
    webhooks = dynamodb.Table(settings.webhooks_table)
    return Announce(
        webhooks=DynamoWebhooks(webhooks),
        deliveries=DynamoDeliveries(webhooks),
        queue=SqsDeliveryQueue(boto3.client("sqs"), settings.webhooks_queue),
        ledger=LedgerReader(dynamodb.Table(settings.ledger_table)),
        clock=utc_now,
    )


@cache
def failed_records() -> FailedRecords:
    return FailedRecords(boto3.client("dynamodbstreams"), boto3.client("dynamodb"))
