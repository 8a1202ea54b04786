"""A batch of a DynamoDB stream is handled in order and delivered again from where it failed."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from flareflow.entrypoints.table_streams import each_in_order
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
