"""Records that a function has given up are read from their stream again, each with its item as it is now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from flareflow.adapters.dynamodb import failed_records
from flareflow.adapters.dynamodb.failed_records import FailedRecords
from flareflow.errors import StorageUnavailableError

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/ledger/stream/2026-11-24T00:00:00.000"


@dataclass
class FakeDynamoDB:
    """Both clients: a shard with a record for each number, one on each page, and items by key."""

    numbers: list[int] = field(default_factory=lambda: [5, 6, 7])
    items: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    fails_with: str | None = None
    asked: list[str] = field(default_factory=list)

    def get_shard_iterator(self, **given: str) -> dict[str, str]:
        self.asked.append(f"{given['ShardId']} {given['ShardIteratorType']} {given['SequenceNumber']}")
        if self.fails_with:
            raise ClientError({"Error": {"Code": self.fails_with, "Message": ""}}, "GetShardIterator")
        return {"ShardIterator": given["SequenceNumber"]}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        number = int(ShardIterator)
        following = {"NextShardIterator": str(number + 1)} if number < max(self.numbers) else {}
        return {"Records": [record(number)] if number in self.numbers else [], **following}

    def get_item(self, **given: Any) -> Mapping[str, Any]:
        assert (given["TableName"], given["ConsistentRead"]) == ("ledger", True)
        item = self.items.get(given["Key"]["pk"]["S"])
        return {"Item": item} if item else {}


def record(number: int) -> dict[str, Any]:
    change = {"Keys": {"pk": {"S": f"item-{number}"}}, "NewImage": {"n": {"N": "0"}}, "OldImage": {"b": {"B": b"x"}}}
    place = {"SequenceNumber": str(number), "ApproximateCreationDateTime": AT}
    return {"eventID": f"event-{number}", "eventName": "MODIFY", "dynamodb": change | place}


@pytest.fixture
def dynamodb() -> FakeDynamoDB:
    return FakeDynamoDB(items={f"item-{number}": {"n": {"N": str(number)}} for number in range(9)})


def read(dynamodb: FakeDynamoDB, first: str, last: str) -> list[dict[str, Any]]:
    return list(FailedRecords(dynamodb, dynamodb).read(STREAM, "shard-1", first, last))  # type: ignore[arg-type]


def test_records_are_as_lambda_hands_them_over_with_the_items_as_they_are_now(dynamodb: FakeDynamoDB) -> None:
    # Given three records, each on its own page
    assert [one["eventID"] for one in read(dynamodb, "5", "6")] == ["event-5", "event-6"]
    # When one is read
    [one] = read(dynamodb, "6", "6")
    # Then its old image is in the form of an event, and its new image is the item as it is now
    assert dynamodb.asked[-1] == "shard-1 AT_SEQUENCE_NUMBER 6"
    assert one["dynamodb"]["ApproximateCreationDateTime"] == AT.timestamp()
    assert one["dynamodb"]["OldImage"] == {"b": {"B": "eA=="}}
    assert one["dynamodb"]["NewImage"] == {"n": {"N": "6"}}


def test_pages_without_records_are_passed_over(dynamodb: FakeDynamoDB) -> None:
    dynamodb.numbers = [5, 8]
    assert [one["eventID"] for one in read(dynamodb, "5", "8")] == ["event-5", "event-8"]


def test_an_item_that_is_gone_has_no_record(dynamodb: FakeDynamoDB) -> None:
    del dynamodb.items["item-5"]
    assert [one["eventID"] for one in read(dynamodb, "5", "6")] == ["event-6"]


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_what_the_stream_no_longer_keeps_has_no_record(dynamodb: FakeDynamoDB, code: str) -> None:
    dynamodb.fails_with = code
    assert read(dynamodb, "5", "6") == []


def test_a_stream_that_cannot_be_read_is_an_outage(dynamodb: FakeDynamoDB) -> None:
    dynamodb.fails_with = "InternalServerError"
    with pytest.raises(StorageUnavailableError):
        read(dynamodb, "5", "6")


def test_reading_ends_after_a_number_of_pages(dynamodb: FakeDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_records, "PAGES_MAX", 2)
    dynamodb.numbers = [8]
    with pytest.raises(StorageUnavailableError, match="2 pages"):
        read(dynamodb, "5", "8")
