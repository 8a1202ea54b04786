"""DynamoDB streams: batches are handled in order, a failure is reported where it happened, and what was given up is
driven again from a queue.
"""

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    DynamoDBStreamEvent,
)
from pydantic import BaseModel, Field

from flareflow.errors import FlareFlowError

logger = Logger(child=True)

type _Number = Annotated[str, Field(pattern=r"^[0-9]{1,40}$")]

type ReadRecords = Callable[[str, str, str, str], Iterable[dict[str, Any]]]
"""The records of a stream (its ARN) and shard from one sequence number to another, both included."""
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


class _Place(BaseModel):
    """Where the records of a failed batch are in their stream."""

    streamArn: str  # noqa: N815 (AWS's names)
    shardId: str  # noqa: N815
    startSequenceNumber: _Number  # noqa: N815
    endSequenceNumber: _Number  # noqa: N815


class _GivenUp(BaseModel):
    """What Lambda tells a queue of records that have failed at every attempt."""

    DDBStreamBatchInfo: _Place


def are_given_up(event: dict[str, Any]) -> bool:
    """Whether an event has messages about records that were given up, and no records."""
    return any(record.get("eventSource") == "aws:sqs" for record in event.get("Records", ()))


def drive_again[C](
    read: ReadRecords, decode: Callable[[DynamoDBRecord], C | None], handle: Callable[[C], None], message: str
) -> None:
    """Handle the records that a message is about. Raises what reading and handling raise: the message comes again."""
    place = _GivenUp.model_validate_json(message).DDBStreamBatchInfo
    for record in read(place.streamArn, place.shardId, place.startSequenceNumber, place.endSequenceNumber):
        change = decode(DynamoDBRecord(record))
        if change is not None:
            handle(change)
    logger.info("records that were given up are handled", stream=place.streamArn, first=place.startSequenceNumber)
