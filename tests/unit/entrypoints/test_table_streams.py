"""A batch of a DynamoDB stream is handled in order and delivered again from where it failed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from pydantic import ValidationError

from flareflow.entrypoints.table_streams import Record, are_given_up, drive_again, each_in_order, each_subscription
from flareflow.errors import StorageUnavailableError
from flareflow.time import Deadline


def record(number: int) -> dict[str, Any]:
    return {"eventID": f"event-{number}", "dynamodb": {"SequenceNumber": str(1000 + number)}}


BATCH = {"Records": [record(number) for number in range(3)]}


def decode(stream_record: Record) -> str:
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


@dataclass(frozen=True)
class Change:
    """A change of subscription `subscription_id`."""

    subscription_id: int
    name: str


def of_subscription(stream_record: Record) -> Sequence[Change]:
    """Records 0, 3 and 6 are of subscription 0, 1 and 4 of 1, 2 and 5 of nothing."""
    number = int(decode(stream_record).removeprefix("event-"))
    return [Change(number % 3, decode(stream_record))] if number % 3 < 2 else []


SEVEN = {"Records": [record(number) for number in range(7)]}
LONG = Deadline(datetime.now(UTC) + timedelta(hours=1))


def test_the_records_of_a_subscription_are_handled_together_and_in_order() -> None:
    handled: dict[int, list[str]] = {}

    def handle(subscription_id: int, changes: Sequence[Change]) -> None:
        handled[subscription_id] = [change.name for change in changes]

    assert each_subscription(SEVEN, of_subscription, handle, LONG) == {"batchItemFailures": []}
    assert handled == {0: ["event-0", "event-3", "event-6"], 1: ["event-1", "event-4"]}


@pytest.mark.parametrize("error", [StorageUnavailableError("not now"), KeyError("a mistake")])
def test_a_subscription_that_fails_holds_up_no_other_and_is_delivered_again(error: Exception) -> None:
    handled: list[int] = []

    def fail_for_one(subscription_id: int, _: Sequence[Change]) -> None:
        if subscription_id == 1:
            raise error
        handled.append(subscription_id)

    again = {"batchItemFailures": [{"itemIdentifier": "1001"}]}
    assert each_subscription(SEVEN, of_subscription, fail_for_one, LONG) == again
    assert handled == [0]


def test_a_batch_is_delivered_again_from_its_first_failure_in_the_order_of_numbers() -> None:
    def fail(*_: object) -> None:
        raise StorageUnavailableError("not now")

    batch = {"Records": [{"eventID": "event-1", "dynamodb": {"SequenceNumber": "999"}}, *SEVEN["Records"][2:]]}
    assert each_subscription(batch, of_subscription, fail, LONG) == {"batchItemFailures": [{"itemIdentifier": "999"}]}


def test_a_record_that_cannot_be_read_is_reported_and_the_others_are_handled() -> None:
    handled: list[int] = []

    def stumble(stream_record: Record) -> Sequence[Change]:
        if decode(stream_record) == "event-4":
            raise ValueError("not an item of ours")
        return of_subscription(stream_record)

    answer = each_subscription(SEVEN, stumble, lambda subscription_id, _: handled.append(subscription_id), LONG)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1004"}]}
    assert sorted(handled) == [0, 1]


def test_nothing_is_begun_when_the_deadline_is_near() -> None:
    handled: list[int] = []
    near = Deadline(datetime.now(UTC) + timedelta(seconds=4))
    answer = each_subscription(SEVEN, of_subscription, lambda one, _: handled.append(one), near)
    assert (answer, handled) == ({"batchItemFailures": [{"itemIdentifier": "1000"}]}, [])


def test_several_subscriptions_are_handled_at_the_same_time() -> None:
    # Given two subscriptions, each of which waits for the other
    together = Barrier(2)

    def meet(*_: object) -> None:
        together.wait(60)

    # When they are handled, Then they meet
    assert each_subscription(SEVEN, of_subscription, meet, LONG) == {"batchItemFailures": []}


def test_a_record_can_be_a_change_of_several_subscriptions() -> None:
    handled: dict[int, list[str]] = {}

    def handle(subscription_id: int, changes: Sequence[Change]) -> None:
        handled[subscription_id] = [change.name for change in changes]

    def of_all(stream_record: Record) -> Sequence[Change]:
        return [Change(subscription_id, decode(stream_record)) for subscription_id in (1, 2)]

    each_subscription(BATCH, of_all, handle, LONG)
    assert handled == {1: ["event-0", "event-1", "event-2"], 2: ["event-0", "event-1", "event-2"]}
