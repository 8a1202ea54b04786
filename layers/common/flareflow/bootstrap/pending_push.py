"""Composition root of `pending_push`."""

import time
from functools import cache
from typing import Final

import boto3

from flareflow.adapters.aws.websocket import websocket_connections
from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.connections import DynamoConnections
from flareflow.adapters.dynamodb.failed_records import FailedRecords
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.entrypoints.settings import Settings
from flareflow.realtime.connections import Forget
from flareflow.realtime.pushing import Push
from flareflow.time import utc_now

decode: Final = decode_change


class PendingPushSettings(Settings):
    """Environment of the function."""

    realtime_table: str
    websocket_url: str


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
def failed_records() -> FailedRecords:
    return FailedRecords(boto3.client("dynamodbstreams"), boto3.client("dynamodb"))
