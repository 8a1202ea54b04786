"""How usage lies in UsageTable: in packs found by start times, written in transactions that fit, marked to be swept."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_items import PACK_SPAN_MAX, WAITING_IN_LIVE_MAX, live_of
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS, UNCONFIRMED, USAGE_PACK, WAITING_RECORDS
from flareflow.adapters.dynamodb.usage_packs import (
    PACK_BYTES_MAX,
    pack_entries,
    pack_records,
    split_entries,
    unpack_entries,
    unpack_records,
)
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.metering.calls import Ending, Tokens, Units
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import CountReport, DifferenceKind, Entry, OwnedRow
from flareflow.metering.witnesses import REACH
from flareflow.realtime.changes import UsageChanged
from tests.fakes.metering import NOW, FakePriceBooks, rating, record, row, swept, waiting
from tests.support.breakable_table import CrashError
from tests.support.memory_table import MemoryTable
from tests.support.stream_records import stream_record

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
GRACE = timedelta(minutes=30)
DYNAMODB_ITEM_MAX = 400_000


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable()


@pytest.fixture
def usage(table: MemoryTable) -> DynamoUsageEvents:
    usage = DynamoUsageEvents(table.as_table(), lambda _: None, FakePriceBooks())
    usage.open_epoch_if_none(5)
    return usage


def entry_of(one: OwnedRow) -> Entry:
    return Entry(one.call, *rating(one))


def packs(table: MemoryTable) -> list[Sequence[Entry]]:
    return [unpack_entries(item["entries"]) for item in table.items.values() if USAGE_PACK.matches(item)]


def test_entries_and_records_are_unpacked_as_they_were_packed() -> None:
    one = row("a", Tokens(1, 2, 3, 4, 5, 6, 7), call_id="call-1", started_at=NOW + MICROSECOND)
    call = replace(one.call, base_model="openai/gpt-4o", units=Units(2, 3_500))
    entries = [
        Entry(call, *rating(one), is_recorded=True),
        replace(
            entry_of(row("b", cost_nanousd=None)),
            is_billed=False,
            difference=DifferenceKind.SECOND_ROW,
            other_tokens=Tokens(5, 6, 7, 8),
        ),
        Entry(record("call-2").call.unlogged, *rating(record("call-2")), is_recorded=True),
    ]
    records = [
        waiting(one) for one in (record("call-1"), record("c-2", Tokens(), ending=Ending.UNKNOWN, is_estimated=True))
    ]
    records.append(replace(records[0], call=replace(records[0].call, base_model="azure/my-deployment")))
    assert unpack_entries(pack_entries(entries)) == entries
    assert unpack_records(1, pack_records(records)) == records


def test_a_pack_of_another_form_is_a_broken_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack_entries([])
    monkeypatch.setattr("flareflow.adapters.dynamodb.usage_packs.FORM", 3)
    with pytest.raises(BrokenRuleError, match="form 2"):
        unpack_entries(packed)


def test_a_part_is_at_most_ten_minutes_long_and_in_order() -> None:
    starts = [NOW + minutes * MINUTE for minutes in (21, 0, 10, 11)]
    parts = split_entries([entry_of(row("a", started_at=start)) for start in starts], PACK_SPAN_MAX)
    assert [[entry.call.started_at for entry in part] for part in parts] == [
        [NOW, NOW + 10 * MINUTE],
        [NOW + 11 * MINUTE, NOW + 21 * MINUTE],
    ]


def test_a_part_stays_below_the_largest_item_whatever_its_names_are() -> None:
    # Given entries whose names are as long as they may be and cannot be compressed
    names = [f"{number:x}-{pow(3, 5000 + number) % 16**1000:x}" for number in range(800)]
    parts = list(split_entries([entry_of(row(name)) for name in names], PACK_SPAN_MAX))
    # Then they are in several parts, each of which fits
    assert sum(len(part) for part in parts) == 800
    assert len(parts) > 1
    assert all(len(json.dumps([entry.call.request_id for entry in part])) <= PACK_BYTES_MAX for part in parts)
    assert all(len(pack_entries(part)) < DYNAMODB_ITEM_MAX for part in parts)


@pytest.mark.parametrize("others", [-PACK_SPAN_MAX, PACK_SPAN_MAX])
def test_a_row_is_known_wherever_in_its_pack_it_is(usage: DynamoUsageEvents, others: timedelta) -> None:
    # Given a pack with two rows that are as far apart as possible
    rows = [row("a", started_at=NOW), row("b", started_at=NOW + others)]
    assert usage.count(rows, NOW).counted == 2
    # When each is counted again alone, Then it is known
    assert [usage.count([one], NOW).counted for one in rows] == [0, 0]


def test_a_pack_that_begins_long_before_the_reach_is_found(usage: DynamoUsageEvents, table: MemoryTable) -> None:
    # Given a record that was billed alone, in a pack that begins ten minutes before it
    start = NOW - REACH
    usage.count([row("first", started_at=start - PACK_SPAN_MAX)], NOW)
    usage.record([record("call-1", started_at=start), record("call-2", started_at=start - PACK_SPAN_MAX)], NOW)
    swept(usage, NOW + MINUTE, 10, NOW + GRACE)
    assert max(len(pack) for pack in packs(table)) == 2
    # When its row began as much later as a row may, Then it is known
    assert usage.count([row("a", call_id="call-1", started_at=NOW)], NOW + GRACE).counted == 0


def test_a_transaction_has_at_most_100_actions(
    usage: DynamoUsageEvents, table: MemoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a table that notes the sizes of transactions
    sizes: list[int] = []
    write = table.transact_write_items

    def note(*, TransactItems: Any) -> None:  # noqa: N803 (boto3's name)
        sizes.append(len(TransactItems))
        write(TransactItems=TransactItems)

    monkeypatch.setattr(table, "transact_write_items", note)
    # When 70 subscriptions of one shard have a call each, and one of them has more, in packs of their own
    rows = [row(f"r-{number}", subscription_id=16 * number) for number in range(70)]
    rows += [row(f"x-{number}", subscription_id=0, started_at=NOW - number * 11 * MINUTE) for number in range(1, 6)]
    assert usage.count(rows, NOW).counted == 75
    # Then they share as few transactions as can be
    assert max(sizes) <= 100
    assert len([size for size in sizes if size > 1]) == 2


def test_the_first_rows_of_a_subscription_do_not_overwrite_what_another_was_first_with(
    usage: DynamoUsageEvents, table: MemoryTable
) -> None:
    # Given a subscription without usage, whose first record arrives between reading and writing of its first row
    table.meanwhile = lambda: usage.record([record("call-1")], NOW)
    # When the row is counted, Then both are there
    assert usage.count([row("a", call_id="call-2")], NOW).counted == 1
    totals = UsageReader(table.as_table()).live(1)
    assert (totals.counted.requests, totals.unconfirmed.requests) == (1, 1)


def test_a_row_does_not_overwrite_what_was_counted_between_reading_and_writing(
    usage: DynamoUsageEvents, table: MemoryTable
) -> None:
    # Given a subscription with usage, and a row that another invocation counts while a second one is written
    usage.count([row("a")], NOW)
    table.meanwhile = lambda: usage.count([row("b")], NOW)
    # When the second one is counted, Then all three are in the totals
    assert usage.count([row("c")], NOW).counted == 1
    assert UsageReader(table.as_table()).live(1).counted.requests == 3


def test_rows_of_many_times_are_counted_in_steps(usage: DynamoUsageEvents) -> None:
    rows = [row(f"r-{hours}", started_at=NOW - timedelta(hours=hours)) for hours in range(100)]
    assert usage.count(rows, NOW).counted == 100
    assert usage.count(rows, NOW).counted == 0


def test_a_sweep_goes_on_where_the_last_one_ended_and_leaves_what_is_too_young(
    usage: DynamoUsageEvents, table: MemoryTable
) -> None:
    # Given two subscriptions whose records wait, one of which has a younger one too
    old, young = NOW - 2 * MINUTE, NOW + 9 * MINUTE
    usage.record([record("old-1", started_at=old)], NOW)
    usage.record([record("young-1", started_at=young)], NOW)
    usage.record([record("old-2", started_at=old, subscription_id=2)], NOW + MICROSECOND)
    # When they are swept one by one
    before = NOW + 5 * MINUTE
    counts = [swept(usage, before, 1, NOW + GRACE).counted for _ in range(3)]
    # Then each old one is billed once, and the young one waits for a later sweep
    assert counts == [1, 1, 0]
    reader = UsageReader(table.as_table())
    assert reader.live(1).unconfirmed.requests == 1
    assert swept(usage, NOW + GRACE + MICROSECOND, 1, NOW + 2 * GRACE).counted == 1
    assert reader.live(1).unconfirmed == Usage()


def test_a_sweep_looks_at_no_marker_again(usage: DynamoUsageEvents) -> None:
    # Given three subscriptions, of which a sweep looks at two
    for number in range(3):
        usage.record([record("call-1", subscription_id=number)], NOW + number * MICROSECOND)
    assert swept(usage, NOW + MINUTE, 2, NOW + GRACE).counted == 2
    # When another looks at one, Then that is the third
    assert swept(usage, NOW + MINUTE, 1, NOW + GRACE).counted == 1


def test_an_older_sweep_finds_nothing(usage: DynamoUsageEvents) -> None:
    usage.record([record("call-1")], NOW)
    assert swept(usage, NOW + MINUTE, 10, NOW + GRACE).counted == 1
    assert swept(usage, NOW - MINUTE, 10, NOW).counted == 0


@pytest.mark.parametrize("broken_off_at", range(10))
def test_what_a_broken_off_sweep_has_billed_is_told_by_a_later_one(
    usage: DynamoUsageEvents, table: MemoryTable, broken_off_at: int
) -> None:
    # Given two records without rows, and a sweep that ends before or after one of its writes
    usage.record([record("call-1"), record("call-2", Tokens(), ending=Ending.UNKNOWN)], NOW)
    told: list[CountReport] = []
    table.crash_at = broken_off_at
    with suppress(CrashError):
        usage.bill_alone(NOW + MINUTE, 10, NOW + GRACE, told.append)
    table.crash_at = None
    # When others follow
    for number in (1, 2):
        later = NOW + GRACE + number * MINUTE
        usage.bill_alone(later, 10, later + GRACE, told.append)
    # Then both are told, and one was billed
    found = {(one.kind, one.identity) for report in told for one in report.differences}
    assert found == {(DifferenceKind.RECORD_WITHOUT_ROW, "call-1"), (DifferenceKind.UNKNOWN_ENDING, "call-2")}
    assert UsageReader(table.as_table()).live(1).counted.requests == 1


def test_what_could_not_be_listed_is_told_again(usage: DynamoUsageEvents) -> None:
    # Given a record and a row without each other, of which a sweep tells while nothing can be stored
    usage.record([record("call-1")], NOW)
    usage.count([row("a")], NOW)

    def fail(_: CountReport) -> None:
        raise StorageUnavailableError

    with pytest.raises(StorageUnavailableError):
        usage.bill_alone(NOW + MINUTE, 10, NOW + GRACE, fail)
    # When later sweeps can, Then they tell of both
    kinds = {
        one.kind for at in (1, 2) for one in swept(usage, NOW + at * GRACE + MINUTE, 10, NOW + 3 * GRACE).differences
    }
    assert kinds == {DifferenceKind.RECORD_WITHOUT_ROW, DifferenceKind.ROW_WITHOUT_RECORD}


def test_rows_without_a_record_are_one_difference_that_names_some_of_them(usage: DynamoUsageEvents) -> None:
    usage.count([row(f"r-{number}", started_at=NOW - number * MINUTE) for number in range(5)], NOW)
    usage.count([row("later")], NOW + 2 * MINUTE)
    [difference] = swept(usage, NOW + MINUTE, 10, NOW + GRACE).differences
    assert difference.subscription_id == 1
    assert "5 rows with 50 tokens have no record: r-4@" in difference.what
    assert difference.what.endswith(" …")


def test_spilled_records_of_any_length_fit_into_items(usage: DynamoUsageEvents, table: MemoryTable) -> None:
    # Given as many records as a post may have, with names as long as they may be that cannot be compressed
    records = [record(f"call-{number}") for number in range(400)]
    records = [
        replace(one, call=replace(one.call, model=f"{pow(3, 900 + number):x}"[:256], answered_by="é" * 256))
        for number, one in enumerate(records)
    ]
    # When they wait
    assert usage.record(records, NOW).added == 400
    # Then no item is too large, and all of them end
    assert max(len(item["records"]) for item in table.items.values() if WAITING_RECORDS.matches(item)) < 400_000
    assert swept(usage, NOW + MINUTE, 10, NOW + GRACE).counted == 400
    assert not any(WAITING_RECORDS.matches(item) for item in table.items.values())


@pytest.mark.parametrize("posted_at_once", [1, 50, 130])
def test_every_record_that_begins_to_wait_is_told_to_watchers(
    usage: DynamoUsageEvents, table: MemoryTable, monkeypatch: pytest.MonkeyPatch, posted_at_once: int
) -> None:
    # Given the stream of the live totals
    told: list[str] = []
    key, write = tuple(LIVE_TOTALS.key(subscription_id=1).values()), table.transact_write_items

    def stream(*, TransactItems: Any) -> None:  # noqa: N803 (boto3's name)
        before = table.items.get(key)
        write(TransactItems=TransactItems)
        if table.items.get(key) is not before:
            change = decode_change(stream_record(table.items[key], before))
            assert isinstance(change, UsageChanged)
            told.extend(one.call.event_id for one in change.calls)

    monkeypatch.setattr(table, "transact_write_items", stream)
    # When more records are posted than the live totals hold
    records = [record(f"call-{number}") for number in range(130)]
    for first in range(0, 130, posted_at_once):
        usage.record(records[first : first + posted_at_once], NOW)
    # Then each is told once, and the live totals stay small
    assert sorted(told) == sorted(one.call.event_id for one in records)
    assert len(live_of(table.items[key], 1).waiting) <= WAITING_IN_LIVE_MAX
    assert UsageReader(table.as_table()).live(1).unconfirmed.requests == 130


def test_a_subscription_is_marked_once_while_its_records_wait(usage: DynamoUsageEvents, table: MemoryTable) -> None:
    for number in range(5):
        usage.record([record(f"call-{number}")], NOW + number * MINUTE)
    assert [UNCONFIRMED.part(item, "since") for item in table.items.values() if UNCONFIRMED.matches(item)] == [
        "2026-11-24T10:00:00.000000Z"
    ]


def test_the_others_are_counted_when_one_subscription_always_loses_its_race(
    usage: DynamoUsageEvents, table: MemoryTable
) -> None:
    # Given rows before any epoch was opened in one shard
    shard = next(key for key in table.items if key[1] == "OPEN_EPOCH#02")
    del table.items[shard]
    rows: list[OwnedRow] = [row("a", subscription_id=1), row("b", subscription_id=2)]
    # When they are counted, Then the others were counted before the broken rule is told
    with pytest.raises(BrokenRuleError):
        usage.count(rows, NOW)
    assert UsageReader(table.as_table()).live(1).counted.requests == 1
