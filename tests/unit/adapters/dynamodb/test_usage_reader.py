"""What an owner is shown of the calls of an epoch, part by part."""

import pytest

from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_items import name_of
from flareflow.adapters.dynamodb.usage_kinds import USAGE_PACK
from flareflow.adapters.dynamodb.usage_reader import EVENTS_LISTED_MAX, PACKS_READ_MAX, UsageReader
from tests.fakes.metering import NOW, FakePriceBooks, row
from tests.support.memory_table import MemoryTable

EPOCH = 5


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def usage(table: MemoryTable) -> DynamoUsageEvents:
    usage = DynamoUsageEvents(table.as_table(), lambda _: None, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    return usage


def listed(table: MemoryTable) -> list[int]:
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
    assert listed(table) == [3]


def test_a_pack_that_lost_its_race_leaves_no_empty_part(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    # Given a pack whose race was lost, listed before the one that has the call
    name_a_pack_that_lost_its_race(table)
    usage.count([row("r-1")], NOW)
    # Then the call is in the first part, which is the last
    assert listed(table) == [1]


def test_a_list_goes_on_within_a_pack_and_in_the_next(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    # Given two packs, of which the second goes beyond the first part of the list
    usage.count([row(f"a-{number}") for number in range(EVENTS_LISTED_MAX - 10)], NOW)
    usage.count([row(f"b-{number}") for number in range(30)], NOW)
    assert listed(table) == [EVENTS_LISTED_MAX, 20]


def test_a_part_that_is_full_at_the_end_of_a_pack_goes_on_with_the_next(
    table: MemoryTable, usage: DynamoUsageEvents
) -> None:
    usage.count([row(f"a-{number}") for number in range(EVENTS_LISTED_MAX)], NOW)
    usage.count([row("b")], NOW)
    assert listed(table) == [EVENTS_LISTED_MAX, 1]


def test_a_part_reads_few_packs(table: MemoryTable, usage: DynamoUsageEvents) -> None:
    for number in range(PACKS_READ_MAX + 1):
        usage.count([row(f"r-{number}")], NOW)
    assert listed(table) == [PACKS_READ_MAX, 1]
