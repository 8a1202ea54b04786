"""A subscription whose stored usage cannot be read holds up nobody else, and nothing of it is lost."""

from datetime import timedelta

import pytest

from flareflow.adapters.dynamodb.billed_calls import DynamoBilledCalls
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS, USAGE_PACK
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.errors import BrokenRuleError
from flareflow.metering.calls import Tokens
from flareflow.metering.rows import Reason
from flareflow.metering.usage_events import CountReport, DifferenceKind
from tests.fakes.metering import NOW, FakePriceBooks, record, row
from tests.support.memory_table import MemoryTable

BROKEN, OTHER = 7, 8
GRACE = timedelta(minutes=30)
TOKENS = Tokens(prompt=10)


class Metered:
    """A waiting record and a counted row of two subscriptions."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.usage = DynamoUsageEvents(self.table.as_table(), lambda _: None, FakePriceBooks())
        self.usage.open_epoch_if_none(5)
        for number in (BROKEN, OTHER):
            self.usage.record([record(f"waits-{number}", TOKENS, subscription_id=number)], NOW)
            self.usage.count([row(f"first-{number}", TOKENS, subscription_id=number)], NOW)

    def spoil(self, what: str) -> None:
        """Change what is stored of a subscription, until `mended` is called."""
        kind, name = {"records": (LIVE_TOTALS, "waiting"), "entries": (USAGE_PACK, "entries")}[what]
        [item] = [
            item
            for item in self.table.items.values()
            if kind.matches(item) and kind.number(item, "subscription_id") == BROKEN
        ]
        before = {name: item[name]}
        item[name] = b"no pack"
        self._spoiled = item, before

    def mended(self) -> None:
        item, before = self._spoiled
        item.update(before)

    def counted(self, number: int) -> int:
        return UsageReader(self.table.as_table()).live(number).counted.rated_microtokens // 10**6


@pytest.fixture
def metered() -> Metered:
    return Metered()


@pytest.mark.parametrize("what", ["records", "entries"])
def test_rows_of_it_are_set_aside_and_those_of_others_are_billed(metered: Metered, what: str) -> None:
    # Given a subscription whose stored records or entries cannot be read
    metered.spoil(what)
    # When rows of it and of another one are counted
    rows = [row(f"second-{number}", TOKENS, subscription_id=number) for number in (BROKEN, OTHER)]
    report = metered.usage.count(rows, NOW)
    # Then the other's is billed, and its own is kept for a person
    assert (report.counted, metered.counted(OTHER)) == (1, 20)
    [aside] = report.set_aside
    assert (aside.identity, aside.reason) == (rows[0].call.digest, Reason.USAGE_UNREADABLE)
    # And once it is mended, it is billed too
    metered.mended()
    assert metered.usage.count(rows, NOW).counted == 1
    assert metered.counted(BROKEN) == 20


def test_records_of_it_are_set_aside_and_those_of_others_wait(metered: Metered) -> None:
    metered.spoil("records")
    report = metered.usage.record(
        [record(f"next-{number}", TOKENS, subscription_id=number) for number in (BROKEN, OTHER)], NOW
    )
    assert report.added == 1
    assert [one.reason for one in report.set_aside] == [Reason.USAGE_UNREADABLE]


def test_its_waiting_records_are_told_and_billed_once_it_is_mended(metered: Metered) -> None:
    # Given two records without rows, of which one cannot be read
    metered.spoil("records")
    told: list[CountReport] = []
    # When the grace is over, Then the other's is billed, and a person is told
    assert metered.usage.bill_alone(NOW + GRACE, 10, NOW + GRACE, told.append) == 1
    kinds = {(one.kind, one.subscription_id) for report in told for one in report.differences}
    assert (DifferenceKind.USAGE_UNREADABLE, BROKEN) in kinds
    assert metered.counted(OTHER) == 20
    # And the next sweep after it is mended bills its own
    metered.mended()
    later = NOW + 3 * GRACE
    assert metered.usage.bill_alone(later, 10, later, told.append) == 1
    assert metered.counted(BROKEN) == 20


def test_calls_of_one_witness_that_cannot_be_read_are_told_and_end_no_sweep(metered: Metered) -> None:
    metered.spoil("entries")
    told: list[CountReport] = []
    metered.usage.bill_alone(NOW + GRACE, 10, NOW + GRACE, told.append)
    kinds = {(one.kind, one.subscription_id) for report in told for one in report.differences}
    assert kinds >= {
        (DifferenceKind.USAGE_UNREADABLE, BROKEN),
        (DifferenceKind.ROW_WITHOUT_RECORD, OTHER),
    }


def test_its_events_are_told_apart_from_those_of_others(metered: Metered) -> None:
    # Given an epoch with a subscription whose events cannot be read
    metered.spoil("entries")
    table = metered.table.as_table()
    billed = DynamoBilledCalls(DynamoEpochUsage(table, lambda _: None), UsageReader(table))
    # When the calls of each are asked for, Then only its own are not told
    assert billed.subscriptions(5) == [BROKEN, OTHER]
    assert len(list(billed.of(5, OTHER))) == 1
    with pytest.raises(BrokenRuleError):
        list(billed.of(5, BROKEN))
