"""What a key has used, from what metering and reconciliation store; in memory and on DynamoDB alike."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.key_usage import KeyAmounts, KeyUsage
from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.key_usage import EPOCHS_MAX, DynamoKeyUsages
from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import StorageUnavailableError
from flareflow.metering.spent import Spent
from tests.fakes.metering import KEY, NOW, FakePriceBooks, record, row
from tests.support.dynamodb import fresh_table
from tests.support.memory_table import MemoryTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

TODAY = date(2026, 11, 24)
YESTERDAY = TODAY - timedelta(days=1)
OTHER = "cd" * 32
TOKENS = 10**7
"""A call of `row` or `record` has ten tokens."""


@pytest.fixture(params=["memory", pytest.param("dynamodb", marks=pytest.mark.stack)])
def table(request: pytest.FixtureRequest) -> Iterator["Table"]:
    if request.param == "memory":
        yield MemoryTable().as_table()
        return
    request.getfixturevalue("server")
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture
def usage(table: "Table") -> DynamoUsageEvents:
    events = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    events.open_epoch_if_none(1_000)
    return events


def used(table: "Table", key_hash: str = KEY) -> KeyUsage:
    key = VirtualKey(key_hash, 1, "", KeyStatus.ACTIVE, NOW, "0x01", 0, 0)
    return DynamoKeyUsages(table, time.sleep).of_key(key, [TODAY, YESTERDAY])


def close(table: "Table", epoch: int) -> None:
    DynamoEpochUsage(table, time.sleep).close(epoch, epoch + 1)
    DynamoEpochUsage(table, time.sleep).sealed(epoch)


def amounts(calls: int) -> KeyAmounts:
    return KeyAmounts(calls, calls * TOKENS)


def test_a_key_that_was_never_used_has_used_nothing(table: "Table") -> None:
    assert used(table) == KeyUsage(KeyAmounts(), {TODAY: KeyAmounts(), YESTERDAY: KeyAmounts()})


def test_every_call_of_a_key_counts_once_however_far_it_has_come(table: "Table", usage: DynamoUsageEvents) -> None:
    # Given calls of a key that are told by the gate alone, billed today, and billed yesterday, and one of another key
    usage.record([record("waits")], NOW)
    usage.count([row("today"), row("also"), row("other", key_hash=OTHER)], NOW)
    usage.count([row("before", started_at=NOW - timedelta(days=1))], NOW)
    told = KeyUsage(amounts(4), {TODAY: amounts(3), YESTERDAY: amounts(1)})
    assert used(table) == told
    # When the epoch is closed, another is counted in, and reconciliation has added the first up
    close(table, 1_000)
    assert used(table) == told
    usage.count([row("later")], NOW)
    told = KeyUsage(amounts(5), {TODAY: amounts(4), YESTERDAY: amounts(1)})
    assert used(table) == told
    billed = {(KEY, None): Spent(3, 0, 3 * TOKENS), (KEY, TODAY): Spent(2, 0, 2 * TOKENS)}
    DynamoReconciled(table).add(1_000, billed | {(KEY, YESTERDAY): Spent(1, 0, TOKENS)}, {})
    # Then the numbers are the same
    assert used(table) == told
    assert used(table, OTHER).total == KeyAmounts()


def test_the_totals_of_several_keys_are_those_of_each(table: "Table", usage: DynamoUsageEvents) -> None:
    # Given usage of two keys that waits, is billed, and is added up, and a third key without any
    usage.count([row("billed"), row("other", key_hash=OTHER)], NOW)
    close(table, 1_000)
    DynamoReconciled(table).add(1_000, {(KEY, None): Spent(1, 0, TOKENS), (OTHER, None): Spent(1, 0, TOKENS)}, {})
    usage.count([row("later")], NOW)
    usage.record([record("waits")], NOW)
    # When all are asked for together, Then each is told what it has used alone
    usages, unused = DynamoKeyUsages(table, time.sleep), "ef" * 32
    told = usages.totals_microtokens(1, [KEY, OTHER, unused])
    assert told == {KEY: 3 * TOKENS, OTHER: TOKENS, unused: 0}
    assert told == {one: used(table, one).total.rated_microtokens for one in told}
    assert usages.totals_microtokens(1, []) == {}


def test_an_epoch_that_is_added_up_for_some_days_only_counts_once(table: "Table", usage: DynamoUsageEvents) -> None:
    # Given reconciliation that was interrupted after the first of a key's numbers
    usage.count([row("today")], NOW)
    close(table, 1_000)
    reconciled = DynamoReconciled(table)
    reconciled.add(1_000, {(KEY, TODAY): Spent(1, 0, TOKENS)}, {})
    reconciled.add(999, {}, {})
    # Then the call counts once, in all and on its day
    assert used(table) == KeyUsage(amounts(1), {TODAY: amounts(1), YESTERDAY: KeyAmounts()})


def test_a_spilled_record_counts_too(table: "Table", usage: DynamoUsageEvents) -> None:
    usage.record([record(f"waits-{number}") for number in range(50)], NOW)
    usage.record([record(f"later-{number}") for number in range(50)], NOW)
    assert used(table).total == amounts(100)


def test_usage_is_not_told_in_part_where_reconciliation_is_far_behind(table: "Table", usage: DynamoUsageEvents) -> None:
    DynamoReconciled(table).add(1_000 - EPOCHS_MAX, {}, {})
    usage.count([row("today")], NOW)
    assert used(table).total == amounts(1)
    DynamoReconciled(table).add(1_000 - EPOCHS_MAX - 1, {}, {})
    with pytest.raises(StorageUnavailableError, match="behind"):
        used(table)
