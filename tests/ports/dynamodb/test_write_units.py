"""What metering costs in DynamoDB's write units, as DynamoDB tells them itself."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.metering.calls import Tokens
from flareflow.metering.usage_events import OwnedRecord, OwnedRow
from tests.fakes.metering import NOW, FakePriceBooks, record, row
from tests.support.dynamodb import fresh_table
from tests.support.write_units import WriteUnits

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack

EPOCH = 5_000_000
SUBSCRIPTIONS = 32
CALLS = 10


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture
def scratch(server: None) -> Iterator["Table"]:
    with fresh_table("AccountsTable") as empty:
        yield empty


def call(subscription_id: int, number: int) -> tuple[OwnedRecord, OwnedRow]:
    """One call as both witnesses tell it, with ids and numbers as long as real ones."""
    seed = subscription_id * 1000 + number
    event_id, other = (str(UUID(int=(salt * seed**9) % 2**128, version=4)) for salt in (7919, 104_729))
    tokens = Tokens(prompt=1000 + seed % 3777, cache_read=seed % 512, completion=100 + seed % 991)
    key_hash = f"{subscription_id:064x}"
    started_at = NOW - timedelta(minutes=5) + timedelta(microseconds=29_411_777 * number + seed)
    recorded = record(event_id, tokens, subscription_id=subscription_id, key_hash=key_hash, started_at=started_at)
    logged = row(
        f"chatcmpl-{other.replace('-', '')}",
        tokens,
        call_id=event_id,
        subscription_id=subscription_id,
        key_hash=key_hash,
        started_at=started_at + timedelta(microseconds=1733),
        cost_nanousd=1_234_567 + seed,
    )
    return recorded, logged


def test_ten_calls_of_each_subscription_a_poll_use_at_most_two_and_a_half_units_each(
    table: "Table", scratch: "Table"
) -> None:
    units = WriteUnits(table, scratch)
    # Given calls whose records arrive one by one, and a first poll that has made all items
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    units.by_item.clear()
    calls = [call(subscription_id, number) for number in range(CALLS) for subscription_id in range(SUBSCRIPTIONS)]
    # When each record is posted alone, and all rows are counted by one poll
    for recorded, _ in calls:
        usage.record([recorded], NOW)
    assert usage.count([logged for _, logged in calls], NOW).counted == len(calls)
    # Then what that took is within the limit
    assert units.total / len(calls) <= 2.5, units.by_item


def test_one_call_of_one_subscription_alone_uses_at_most_ten_units_with_the_lease_of_its_credit(
    table: "Table", scratch: "Table"
) -> None:
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    recorded, logged = call(1, 1)
    units = WriteUnits(table, scratch)
    usage.record([recorded], NOW)
    assert usage.count([logged], NOW).counted == 1
    # Then, as its lease uses one
    assert 0 < units.total + 1 <= 10, units.by_item


def test_what_is_known_already_uses_no_unit(table: "Table", scratch: "Table") -> None:
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    recorded, logged = call(1, 1)
    usage.record([recorded], NOW)
    usage.count([logged], NOW)
    units = WriteUnits(table, scratch)
    usage.record([recorded], NOW)
    usage.count([logged], NOW)
    assert units.total == 0
