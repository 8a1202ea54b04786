"""DynamoDB streams: batches are handled in order, and a failure is reported where it happened."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBStreamEvent,
)

from flareflow.errors import FlareFlowError

logger = Logger(child=True)

type BatchResponse = dict[str, list[dict[str, str]]]
"""Lambda's partial batch response: the record from which the stream has to be delivered again, if any."""


def each_in_order[C](
    event: dict[str, Any], decode: Callable[[DynamoDBRecord], C | None], handle: Callable[[C], None]
) -> BatchResponse:
    """Decode and handle the records of a batch one by one; records that decode to None are skipped.

    At the first FlareFlowError it stops and reports that record. Lambda delivers the batch again from there, so
    no change is handled before an earlier one. Other exceptions fail the whole batch.
    """
    for record in DynamoDBStreamEvent(event).records:
        try:
            change = decode(record)
            if change is not None:
                handle(change)
        except FlareFlowError:
            logger.exception("a stream record failed; the stream delivers it again")
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}
