"""A batch of a DynamoDB stream is handled in order and delivered again from where it failed."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from pydantic import ValidationError

from flareflow.entrypoints.table_streams import are_given_up, drive_again, each_in_order
from flareflow.errors import StorageUnavailableError


def record(number: int) -> dict[str, Any]:
    return {"eventID": f"event-{number}", "dynamodb": {"SequenceNumber": str(1000 + number)}}


BATCH = {"Records": [record(number) for number in range(3)]}


def decode(stream_record: DynamoDBRecord) -> str:
    return str(stream_record["eventID"])


def test_records_are_decoded_and_handled_in_order() -> None:
    handled: list[str] = []
    assert each_in_order(BATCH, decode, handled.append) == {"batchItemFailures": []}
    assert handled == ["event-0", "event-1", "event-2"]


def test_records_that_decode_to_nothing_are_skipped() -> None:
    handled: list[str] = []
    each_in_order(BATCH, lambda one: None if decode(one) == "event-1" else decode(one), handled.append)
    assert handled == ["event-0", "event-2"]


def test_zero_is_a_value_and_not_nothing() -> None:
    handled: list[int] = []
    each_in_order(BATCH, lambda _: 0, handled.append)
    assert handled == [0, 0, 0]


def test_a_failure_stops_the_batch_and_is_reported() -> None:
    handled: list[str] = []

    def fail_at_the_second(change: str) -> None:
        if change == "event-1":
            raise StorageUnavailableError("not now")
        handled.append(change)

    assert each_in_order(BATCH, decode, fail_at_the_second) == {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert handled == ["event-0"]


def test_an_unexpected_exception_is_not_caught() -> None:
    def stumble(change: str) -> None:
        raise KeyError(change)

    with pytest.raises(KeyError):
        each_in_order(BATCH, decode, stumble)


STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/usage/stream/2026-11-24T00:00:00.000"
MESSAGE = {
    "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 6},
    "DDBStreamBatchInfo": {
        "shardId": "shardId-1",
        "startSequenceNumber": "1001",
        "endSequenceNumber": "1002",
        "batchSize": 2,
        "streamArn": STREAM,
    },
}


def test_records_that_were_given_up_are_read_by_their_place_and_handled() -> None:
    # Given what Lambda tells of two records that failed at every attempt
    asked: list[tuple[str, ...]] = []

    def read(*place: str) -> list[dict[str, Any]]:
        asked.append(place)
        return [record(1), record(2), record(3)]

    # When they are driven again, then they are read, and those that mean something are handled in order
    handled: list[str] = []
    drive_again(
        read, lambda one: None if decode(one) == "event-2" else decode(one), handled.append, json.dumps(MESSAGE)
    )
    assert asked == [(STREAM, "shardId-1", "1001", "1002")]
    assert handled == ["event-1", "event-3"]


def test_a_record_that_fails_again_fails_its_message() -> None:
    def fail(_: str) -> None:
        raise StorageUnavailableError("not now")

    with pytest.raises(StorageUnavailableError):
        drive_again(lambda *_: [record(1)], decode, fail, json.dumps(MESSAGE))


def test_a_message_in_another_form_fails() -> None:
    with pytest.raises(ValidationError):
        drive_again(lambda *_: [], decode, lambda _: None, "{}")


def test_messages_of_a_queue_are_told_from_records_of_a_stream() -> None:
    assert are_given_up({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]})
    assert not are_given_up({"Records": [{"eventSource": "aws:dynamodb"}]})
    assert not are_given_up(BATCH)
