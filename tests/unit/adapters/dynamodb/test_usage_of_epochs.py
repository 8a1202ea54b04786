"""What is counted belongs to the epoch that is open in the shard of its subscription, and is listed for its owner."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_items import name_of
from flareflow.adapters.dynamodb.usage_kinds import PACK_NAME, USAGE_PACK
from flareflow.adapters.dynamodb.usage_reader import EVENTS_LISTED_MAX, PACKS_READ_MAX, UsageReader
from flareflow.metering.models import Usage
from tests.fakes.metering import NOW, FakePriceBooks, record, row
from tests.support.breakable_table import CrashError
from tests.support.memory_table import MemoryTable

EPOCH = 5
HOUR = timedelta(hours=1)
TEN = Usage(9, 1, 1, 10_000_000, 7)


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def usage(table: MemoryTable) -> DynamoUsageEvents:
    usage = DynamoUsageEvents(table.as_table(), lambda _: None, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    return usage


@pytest.fixture
def epochs(table: MemoryTable) -> DynamoEpochUsage:
    return DynamoEpochUsage(table.as_table(), lambda _: None)


def listed(table: MemoryTable, epoch: int, subscription_id: int = 1) -> list[str]:
    """The calls that an owner is shown of an epoch: event ids, those made of a row without its start time."""
    reader, cursor, names = UsageReader(table.as_table()), None, []
    for _ in range(100):
        page = reader.events(subscription_id, epoch, cursor)
        names += [event.event_id.partition("@")[0] for event in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return names
    raise AssertionError("the list has no end")


def test_an_epoch_that_is_closed_gets_nothing_more_in_any_shard(
    usage: DynamoUsageEvents, epochs: DynamoEpochUsage
) -> None:
    # Given a call of each of 20 subscriptions, which are in all shards
    usage.count([row(f"a-{number}", subscription_id=number) for number in range(20)], NOW)
    # When the epoch is closed, and each has another call
    epochs.close(EPOCH, EPOCH + 1)
    usage.count([row(f"b-{number}", subscription_id=number) for number in range(20)], NOW)
    # Then the first belong to the epoch that was closed, and the others to the next
    everyone = dict.fromkeys(range(20), TEN)
    assert epochs.deltas(EPOCH) == everyone
    assert epochs.deltas(EPOCH + 1) == everyone


def test_a_pack_that_was_named_and_not_written_adds_nothing(
    usage: DynamoUsageEvents, epochs: DynamoEpochUsage, table: MemoryTable
) -> None:
    # Given an epoch that is closed after the pack of a call was named under it
    named: list[Any] = []

    def close_when_named(**put: Any) -> None:
        MemoryTable.put_item(table, **put)
        if PACK_NAME.matches(put["Item"]) and not named:
            named.append(put["Item"])
            epochs.close(EPOCH, EPOCH + 1)

    table.put_item = close_when_named  # type: ignore[method-assign]
    # When it is counted
    usage.count([row("a")], NOW)
    # Then it is the next epoch's alone, although the first one names a pack of the same time and version
    assert PACK_NAME.number(named[0], "epoch") == EPOCH
    assert (epochs.deltas(EPOCH), epochs.events(EPOCH, [1])) == ({}, {1: []})
    assert epochs.deltas(EPOCH + 1) == {1: TEN}
    assert (listed(table, EPOCH), listed(table, EPOCH + 1)) == ([], ["a"])


@pytest.mark.parametrize("broken_off_at", range(6))
def test_a_call_is_in_its_epoch_wherever_the_invocation_that_counts_it_ends(
    usage: DynamoUsageEvents, epochs: DynamoEpochUsage, table: MemoryTable, broken_off_at: int
) -> None:
    # Given an invocation that ends before or after one of its writes
    table.crash_at = broken_off_at
    with suppress(CrashError):
        usage.count([row("a")], NOW)
    table.crash_at = None
    # When another one does the same
    usage.count([row("a")], NOW)
    # Then the call is there once
    assert epochs.deltas(EPOCH) == {1: TEN}
    assert len(epochs.events(EPOCH, [1])[1]) == 1


def test_an_owner_is_shown_every_billed_call_of_an_epoch(usage: DynamoUsageEvents, table: MemoryTable) -> None:
    # Given calls in three packs
    for number in range(3):
        usage.count([row(f"r-{number}", started_at=NOW - number * HOUR)], NOW)
    # Then all are listed, pack by pack
    assert listed(table, EPOCH) == ["r-0", "r-1", "r-2"]


def test_an_owner_is_shown_only_what_was_billed(usage: DynamoUsageEvents, table: MemoryTable) -> None:
    # Given two rows of one call, in one pack
    usage.record([record("call-1")], NOW)
    usage.count([row("a", call_id="call-1"), row("b", call_id="call-1")], NOW)
    # Then only the one that is billed is listed
    assert listed(table, EPOCH) == ["call-1"]


def parts_listed(table: MemoryTable) -> list[int]:
    """How many calls each part of the list has."""
    reader, cursor = UsageReader(table.as_table()), None
    counts, names = list[int](), set[str]()
    for _ in range(10):
        page = reader.events(1, EPOCH, cursor)
        counts.append(len(page.items))
        names |= {event.event_id for event in page.items}
        if page.next_cursor is None:
            assert len(names) == sum(counts)
            return counts
        cursor = page.next_cursor
    raise AssertionError("the list has no end")


def name_a_pack_that_lost_its_race(table: MemoryTable) -> None:
    """A name is written before its pack, and stays when the pack is not written."""
    table.put_item(Item=name_of(USAGE_PACK.key(subscription_id=1, second=0, version=0, part=0, epoch=EPOCH)))


def test_calls_that_were_counted_one_after_the_other_are_listed_together(
    table: MemoryTable, usage: DynamoUsageEvents
) -> None:
    for number in range(3):
        usage.count([row(f"r-{number}")], NOW)
    assert parts_listed(table) == [3]


def test_a_pack_that_lost_its_race_leaves_no_empty_part(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    # Given a pack whose race was lost, listed before the one that has the call
    name_a_pack_that_lost_its_race(table)
    usage.count([row("r-1")], NOW)
    # Then the call is in the first part, which is the last
    assert parts_listed(table) == [1]


def test_a_list_goes_on_within_a_pack_and_in_the_next(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    # Given two packs, of which the second goes beyond the first part of the list
    usage.count([row(f"a-{number}") for number in range(EVENTS_LISTED_MAX - 10)], NOW)
    usage.count([row(f"b-{number}") for number in range(30)], NOW)
    assert parts_listed(table) == [EVENTS_LISTED_MAX, 20]


def test_a_part_that_is_full_at_the_end_of_a_pack_goes_on_with_the_next(
    table: MemoryTable, usage: DynamoUsageEvents
) -> None:
    usage.count([row(f"a-{number}") for number in range(EVENTS_LISTED_MAX)], NOW)
    usage.count([row("b")], NOW)
    assert parts_listed(table) == [EVENTS_LISTED_MAX, 1]


def test_a_part_reads_few_packs(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    for number in range(PACKS_READ_MAX + 1):
        usage.count([row(f"r-{number}")], NOW)
    assert parts_listed(table) == [PACKS_READ_MAX, 1]
