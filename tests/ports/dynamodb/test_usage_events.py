"""`UsageEvents`: each call is billed once, and totals are the sums of what was billed, fake and DynamoDB alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_items import Action
from flareflow.adapters.dynamodb.usage_kinds import WAITING_RECORDS
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.adapters.dynamodb.usage_writer import UsageWriter
from flareflow.errors import BrokenRuleError
from flareflow.metering.calls import Ending, Tokens
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.ports import UsageEvents
from flareflow.metering.usage_events import CountReport, DifferenceKind, RecordReport
from tests.fakes.metering import NOW, FakePriceBooks, FakeUsageEvents, record, row, swept
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
GRACE = timedelta(minutes=30)
EPOCH = 5_000_000
TEN = Usage(9, 1, 1, 10_000_000, 7)
UNCONFIRMED_TEN = Usage(9, 1, 1, 10_000_000, 0)


class Live(Protocol):
    def live(self, subscription_id: int) -> LiveTotals: ...


@dataclass
class Metered:
    """The port, and how its totals are read."""

    usage: UsageEvents
    reader: Live

    def counted(self, subscription_id: int = 1) -> Usage:
        return self.reader.live(subscription_id).counted

    def unconfirmed(self, subscription_id: int = 1) -> Usage:
        return self.reader.live(subscription_id).unconfirmed


def kinds(report: CountReport | RecordReport) -> list[str]:
    return [difference.kind for difference in report.differences]


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def metered(request: pytest.FixtureRequest) -> Metered:
    if request.param == "fake":
        fake = FakeUsageEvents()
        return Metered(fake, fake)
    table: Table = request.getfixturevalue("table")
    return Metered(DynamoUsageEvents(table, time.sleep, FakePriceBooks()), UsageReader(table))


def test_a_row_is_counted_once(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    assert metered.usage.count([row("a"), row("b"), row("a")], NOW).counted == 2
    assert metered.usage.count([row("a"), row("c")], NOW).counted == 1
    assert metered.reader.live(1) == LiveTotals(counted=Usage(27, 3, 3, 30_000_000, 21))


def test_rows_with_the_same_request_id_and_another_start_are_two_calls(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    rows = [row("a"), row("a", started_at=NOW - timedelta(microseconds=1))]
    assert metered.usage.count(rows, NOW).counted == 2


def test_a_record_is_unconfirmed_until_its_row_comes(metered: Metered) -> None:
    # Given a record that is pushed twice
    metered.usage.open_epoch_if_none(EPOCH)
    assert metered.usage.record([record("call-1"), record("call-1")], NOW).added == 1
    assert metered.usage.record([record("call-1")], NOW).added == 0
    assert metered.reader.live(1) == LiveTotals(unconfirmed=UNCONFIRMED_TEN)
    # When its row is counted
    report = metered.usage.count([row("a", call_id="call-1")], NOW)
    # Then it is billed once, and a record that is pushed again changes nothing
    assert (report.counted, kinds(report)) == (1, [])
    assert metered.usage.record([record("call-1")], NOW) == RecordReport(0)
    assert metered.reader.live(1) == LiveTotals(counted=TEN)


def test_a_record_whose_row_was_counted_before_adds_nothing(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.count([row("a", call_id="call-1")], NOW)
    for _ in range(2):
        assert metered.usage.record([record("call-1")], NOW) == RecordReport(0)
    assert metered.reader.live(1) == LiveTotals(counted=TEN)
    assert metered.usage.count([row("a", call_id="call-1")], NOW + timedelta(days=1)) == CountReport(0)
    assert swept(metered.usage, NOW + GRACE, 10, NOW + 2 * GRACE) == CountReport(0)


def test_a_record_without_a_row_is_billed_after_the_grace(metered: Metered) -> None:
    # Given two records, one of which is old enough
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.record([record("old"), record("new", started_at=NOW + 5 * MINUTE)], NOW)
    # When those of before a moment are billed alone, again and again
    reports = [swept(metered.usage, NOW + MINUTE, 10, NOW + GRACE) for _ in range(2)]
    # Then the old one is billed once and listed, and the new one waits
    assert [report.counted for report in reports] == [1, 0]
    assert kinds(reports[0]) == [DifferenceKind.RECORD_WITHOUT_ROW]
    assert metered.reader.live(1) == LiveTotals(counted=UNCONFIRMED_TEN, unconfirmed=UNCONFIRMED_TEN)
    # And its row adds nothing when it comes
    report = metered.usage.count([row("a", call_id="old")], NOW + GRACE)
    assert (report.counted, kinds(report)) == (0, [DifferenceKind.LATE_ROW])
    # And the new one is billed later
    assert swept(metered.usage, NOW + 2 * GRACE, 10, NOW + 3 * GRACE).counted == 1


def test_a_record_whose_ending_is_unknown_is_billed_by_its_row_only(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    unknown = [record(name, Tokens(), ending=Ending.UNKNOWN) for name in ("with-row", "without-row")]
    metered.usage.record(unknown, NOW)
    assert metered.usage.count([row("a", call_id="with-row")], NOW).counted == 1
    report = swept(metered.usage, NOW + MINUTE, 10, NOW + GRACE)
    assert (report.counted, kinds(report)) == (0, [DifferenceKind.UNKNOWN_ENDING])
    assert metered.reader.live(1) == LiveTotals(counted=TEN)
    assert metered.usage.count([row("b", call_id="without-row")], NOW + GRACE).counted == 1
    assert metered.counted() == TEN + TEN


def test_subscriptions_beyond_the_limit_are_billed_by_the_next_sweep(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    for number in range(3):
        metered.usage.record([record(f"call-{number}", subscription_id=number)], NOW + number * SECOND)
    counted = [swept(metered.usage, NOW + MINUTE, 2, NOW + GRACE).counted for _ in range(3)]
    assert counted == [2, 1, 0]


def test_rows_without_a_record_are_listed_together_after_the_grace(metered: Metered) -> None:
    # Given three rows that are counted together, of which one finds its record later
    metered.usage.open_epoch_if_none(EPOCH)
    rows = [row("a", call_id="call-1"), row("b", call_id="call-2"), row("c")]
    assert metered.usage.count(rows, NOW) == CountReport(3)
    metered.usage.record([record("call-2")], NOW)
    # When they are looked for
    reports = [swept(metered.usage, before, 10, NOW + GRACE) for before in (NOW, NOW + MINUTE, NOW + MINUTE)]
    # Then the two others are one difference, once the grace is over
    assert [kinds(report) for report in reports] == [[], [DifferenceKind.ROW_WITHOUT_RECORD], []]
    assert [report.counted for report in reports] == [0, 0, 0]


def test_a_difference_is_told_again_when_the_row_is_seen_again(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.record([record("call-1", Tokens(prompt=8, completion=1))], NOW)
    first = metered.usage.count([row("a", call_id="call-1")], NOW)
    again = metered.usage.count([row("a", call_id="call-1")], NOW)
    assert kinds(first) == [DifferenceKind.TOKENS_DIFFER]
    assert again == CountReport(0, first.differences)


def test_an_event_never_moves_to_another_subscription(metered: Metered) -> None:
    # Given a record of subscription 1
    metered.usage.open_epoch_if_none(EPOCH)
    metered.usage.record([record("call-1")], NOW)
    # When subscription 2 has a row and a record with the same ids
    metered.usage.count([row("a", call_id="call-1", subscription_id=2, key_hash="cd" * 32)], NOW)
    metered.usage.record([record("call-1", subscription_id=2, key_hash="cd" * 32)], NOW)
    # Then each has its own
    assert metered.reader.live(1) == LiveTotals(unconfirmed=UNCONFIRMED_TEN)
    assert metered.reader.live(2) == LiveTotals(counted=TEN)


def test_a_negative_amount_is_set_aside_and_the_others_are_counted(metered: Metered) -> None:
    metered.usage.open_epoch_if_none(EPOCH)
    report = metered.usage.count([row("a", Tokens(prompt=-5)), row("b")], NOW)
    assert (report.counted, [one.reason for one in report.set_aside]) == (1, ["negative_amount"])
    assert metered.counted() == TEN


def test_nothing_is_counted_before_an_epoch_was_opened(metered: Metered) -> None:
    with pytest.raises(BrokenRuleError):
        metered.usage.count([row("a")], NOW)


@pytest.mark.stack
def test_rows_of_many_subscriptions_are_all_counted(table: "Table") -> None:
    # Given 250 calls of 60 subscriptions
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    rows = [row(f"r-{n}", Tokens(prompt=n, completion=1), subscription_id=n % 60) for n in range(250)]
    # When they are counted at once
    assert usage.count(rows, NOW).counted == 250
    # Then what the epoch added is their sum
    deltas = DynamoEpochUsage(table, time.sleep).deltas(EPOCH)
    assert len(deltas) == 60
    assert sum(delta.tokens for delta in deltas.values()) == sum(range(1, 251))
    assert all(UsageReader(table).live(subscription).counted == deltas[subscription] for subscription in deltas)


@pytest.mark.stack
def test_many_records_of_one_subscription_wait_in_items_of_their_own(table: "Table") -> None:
    # Given more records than the live totals hold, and far more rows than a step takes
    usage, reader = DynamoUsageEvents(table, time.sleep, FakePriceBooks()), UsageReader(table)
    usage.open_epoch_if_none(EPOCH)
    starts = [NOW - timedelta(milliseconds=100 * n) for n in range(1000)]
    records = [record(f"call-{n}", started_at=start) for n, start in enumerate(starts)]
    for first in range(0, 1000, 50):
        assert usage.record(records[first : first + 50], NOW).added == 50
    assert usage.record(records, NOW).added == 0
    assert reader.live(1).unconfirmed.requests == 1000
    # When half of the rows come, twice
    rows = [row(f"r-{n}", call_id=f"call-{n}", started_at=starts[n]) for n in range(0, 1000, 2)]
    assert [usage.count(rows, NOW).counted for _ in range(2)] == [500, 0]
    # Then the others wait, and are billed alone
    assert (reader.live(1).counted.requests, reader.live(1).unconfirmed.requests) == (500, 500)
    assert swept(usage, NOW + MINUTE, 10, NOW + GRACE).counted == 500
    assert reader.live(1).unconfirmed == Usage()
    assert reader.live(1).counted.requests == 1000
    left = [item for item in table.scan()["Items"] if WAITING_RECORDS.matches(item)]
    assert left == []


@pytest.mark.stack
def test_a_closed_epoch_gets_no_event_and_keeps_what_it_has(table: "Table") -> None:
    # Given a closed epoch
    usage, epochs = DynamoUsageEvents(table, time.sleep, FakePriceBooks()), DynamoEpochUsage(table, time.sleep)
    usage.open_epoch_if_none(EPOCH)
    usage.count([row("a")], NOW)
    epochs.close(EPOCH, EPOCH + 1)
    # When more is counted
    usage.count([row("a"), row("b")], NOW)
    # Then it is the next epoch's
    assert epochs.deltas(EPOCH) == {1: TEN}
    assert epochs.deltas(EPOCH + 1) == {1: TEN}
    [event] = UsageReader(table).events(1, EPOCH + 1, None).items
    assert event.event_id.startswith("b@")


def before_the_first_write(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, between the reading and the writing of the next step."""
    send = UsageWriter._send
    happened: list[bool] = []

    def interrupted(self: UsageWriter, actions: Sequence[Action]) -> None:
        if not happened:
            happened.append(True)
            happens()
        send(self, actions)

    monkeypatch.setattr(UsageWriter, "_send", interrupted)


@pytest.mark.stack
def test_an_epoch_that_closes_between_reading_and_writing_moves_its_events_on(
    table: "Table", monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an epoch that is closed when a transaction is about to be written
    usage, epochs = DynamoUsageEvents(table, time.sleep, FakePriceBooks()), DynamoEpochUsage(table, time.sleep)
    usage.open_epoch_if_none(EPOCH)
    before_the_first_write(monkeypatch, lambda: epochs.close(EPOCH, EPOCH + 1))
    # When an event is counted
    assert usage.count([row("a")], NOW).counted == 1
    # Then it is counted under the epoch that is open by then
    assert epochs.deltas(EPOCH) == {}
    assert epochs.deltas(EPOCH + 1) == {1: TEN}


@pytest.mark.stack
@pytest.mark.parametrize("first", ["count", "record", "bill_alone"])
def test_an_invocation_that_is_overtaken_reads_again_and_bills_a_call_once(
    table: "Table", monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    # Given a record, and another invocation that is faster with the same call
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    if first != "record":
        usage.record([record("call-1")], NOW)
    others = {
        "count": lambda: usage.count([row("a", call_id="call-1")], NOW),
        "record": lambda: usage.record([record("call-1")], NOW),
        "bill_alone": lambda: swept(usage, NOW + MINUTE, 10, NOW + GRACE),
    }
    before_the_first_write(monkeypatch, others[first])
    # When its row is counted
    counted = usage.count([row("a", call_id="call-1")], NOW).counted
    # Then it is billed once, by whichever was first
    assert counted == (1 if first == "record" else 0)
    totals = UsageReader(table).live(1)
    assert (totals.counted.requests, totals.unconfirmed) == (1, Usage())
    assert DynamoEpochUsage(table, time.sleep).deltas(EPOCH) == {1: totals.counted}


@pytest.mark.stack
def test_concurrent_polls_and_pushes_count_each_call_once(table: "Table") -> None:
    # Given pollers and pushes with the same calls of three subscriptions in one shard
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(EPOCH)
    rows = [row(f"r-{n}", call_id=f"call-{n}", subscription_id=n % 3 * 16) for n in range(42)]
    records = [record(f"call-{n}", subscription_id=n % 3 * 16) for n in range(42)]
    # When all write at the same moment
    with ThreadPoolExecutor(5) as pool:
        counts = [pool.submit(usage.count, rows[n:] + rows[:n], NOW) for n in (0, 14, 28)]
        pushes = [pool.submit(usage.record, records[first:], NOW) for first in (0, 21)]
        counted = sum(future.result().counted for future in counts)
        [future.result() for future in pushes]
    # Then every call is counted once, and nothing is unconfirmed
    assert counted == 42
    for subscription_id in (0, 16, 32):
        totals = UsageReader(table).live(subscription_id)
        assert totals == LiveTotals(counted=Usage(126, 14, 14, 140_000_000, 98))
