"""DynamoDB streams: records taken in order, failures reported where they began."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBStreamEvent,
)

from flareflow.changes import StreamChange
from flareflow.errors import FlareFlowError

logger = Logger(child=True)

type BatchResponse = dict[str, list[dict[str, str]]]
"""Lambda's partial batch response: from which record the stream has to go on."""


def each_in_order(event: dict[str, Any], handle: Callable[[StreamChange], None]) -> BatchResponse:
    """Handle a batch record by record; at the first failure stop, and let the stream go on from there.

    Nothing after a failed record is handled, so order is kept.
    """
    for record in DynamoDBStreamEvent(event).records:
        try:
            handle(_change(record))
        except FlareFlowError:
            logger.exception("a stream record could not be handled; the stream will repeat it")
            return {"batchItemFailures": [{"itemIdentifier": _place(record)}]}
    return {"batchItemFailures": []}


def _change(record: DynamoDBRecord) -> StreamChange:
    change = record["dynamodb"]
    told = record.dynamodb
    assert told is not None, "a stream record always has its `dynamodb` part"
    keys = told.keys
    return StreamChange(
        event_id=record["eventID"],
        at=datetime.fromtimestamp(change["ApproximateCreationDateTime"], UTC),
        pk=keys["pk"],
        sk=keys["sk"],
        old=told.old_image or None,
        new=told.new_image or None,
    )


def _place(record: DynamoDBRecord) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
