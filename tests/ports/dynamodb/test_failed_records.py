"""Records that were given up are read again from a stream of DynamoDB Local, and decoded as those of Lambda are."""

import time
from typing import Any

import pytest

from flareflow.adapters.dynamodb.changed_funds import decode_changed_funds
from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.failed_records import FailedRecords
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.realtime.changes import UsageChanged
from infra.local.aws import session as aws
from infra.local.ports import url
from tests.fakes.metering import NOW, FakePriceBooks, record
from tests.support.dynamodb import fresh_table
from tests.support.eventually import eventually

pytestmark = pytest.mark.stack


def test_what_changed_since_a_record_that_failed_is_told(server: None) -> None:
    streams, tables = (
        aws.session().client(name, endpoint_url=url("dynamodb")) for name in ("dynamodbstreams", "dynamodb")
    )
    with fresh_table("UsageTable") as table:
        # Given a call that is recorded, whose change was given up, and another one after it
        usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
        usage.open_epoch_if_none(5)
        usage.record([record("call-1", subscription_id=7)], NOW)
        usage.record([record("call-2", subscription_id=7)], NOW)
        stream = table.latest_stream_arn
        shard, number = eventually(lambda: _first_of_subscription(streams, stream))
        # When the change is read again
        [read] = FailedRecords(streams, tables).read(stream, shard, number, number)
        # Then it tells the totals as they are now, and both calls
        change = decode_change(read)
        assert isinstance(change, UsageChanged)
        assert (change.subscription_id, change.version) == (7, 2)
        assert [one.call.event_id for one in change.calls] == ["call-1", "call-2"]
        assert decode_changed_funds(read) == 7


def test_a_place_that_the_stream_does_not_have_has_no_records(server: None) -> None:
    streams, tables = (
        aws.session().client(name, endpoint_url=url("dynamodb")) for name in ("dynamodbstreams", "dynamodb")
    )
    with fresh_table("UsageTable") as table:
        shard = f"shardId-{'0' * 20}-{'0' * 13}"
        assert list(FailedRecords(streams, tables).read(table.latest_stream_arn, shard, "1" * 21, "1" * 21)) == []


def _first_of_subscription(streams: Any, stream: str) -> tuple[str, str] | None:
    """Shard and sequence number of the first record of the totals of subscription 7."""
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        place = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        for one in streams.get_records(ShardIterator=iterator)["Records"]:
            if decode_changed_funds(one) == 7:
                return shard["ShardId"], one["dynamodb"]["SequenceNumber"]
    return None
