"""`Reconciled`, fake and DynamoDB alike; and the billed calls of an epoch."""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.billed_calls import DynamoBilledCalls
from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.reconciled import DynamoReconciled
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_reader import UsageReader
from flareflow.metering.ports import Reconciled
from flareflow.metering.spent import Compared, Sold, Spent
from tests.fakes.metering import KEY, NOW, FakePriceBooks, row
from tests.fakes.reconciliation import FakeReconciled
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DAY = date(2026, 11, 24)
HOUR = timedelta(hours=1)
OTHER = "cd" * 32


@pytest.fixture
def table(server: None) -> Iterator["Table"]:
    with fresh_table("UsageTable") as empty:
        yield empty


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def reconciled(request: pytest.FixtureRequest) -> Reconciled:
    return FakeReconciled() if request.param == "fake" else DynamoReconciled(request.getfixturevalue("table"))


def test_epochs_add_up_by_key_and_day_each_once(reconciled: Reconciled) -> None:
    assert (reconciled.through_epoch(), reconciled.billed(DAY)) == (-1, {})
    for epoch in (7, 7, 9):
        spent = {(KEY, DAY): Spent(2, 20), (KEY, None): Spent(2, 20), (OTHER, DAY): Spent(1, 0)}
        long, nameless = ("model " * 170, DAY), ("", DAY)
        sold = {("gpt-4o", DAY): Sold(2, 10**12, 20), long: Sold(1, 5, 0), nameless: Sold(3, 7, 0)}
        reconciled.add(epoch, spent, sold)
    assert reconciled.through_epoch() == 9
    assert reconciled.billed(DAY) == {KEY: Spent(4, 40), OTHER: Spent(2, 0)}
    assert reconciled.billed(None) == {KEY: Spent(4, 40)}
    assert reconciled.billed(DAY - timedelta(days=1)) == {}
    assert reconciled.sold(DAY) == {
        "gpt-4o": Sold(4, 2 * 10**12, 40),
        "model " * 170: Sold(2, 10, 0),
        "": Sold(6, 14, 0),
    }
    assert reconciled.sold(DAY - timedelta(days=1)) == {}


def test_what_was_compared_an_hour_ago_is_remembered(reconciled: Reconciled) -> None:
    def compared(rows: int, hours: float) -> object:
        now = NOW + hours * HOUR
        return reconciled.compared_before(DAY, {KEY: numbers(rows)}, now - HOUR, now)

    def numbers(rows: int) -> Compared:
        return Compared(Spent(rows, 10 * rows), 7 * rows)

    assert compared(3, 0) == {}
    assert compared(5, 0.5) == {}
    assert compared(6, 1) == {KEY: numbers(3)}
    assert compared(8, 1.5) == {KEY: numbers(3)}
    assert compared(9, 2) == {KEY: numbers(6)}


def test_the_last_report_is_remembered(reconciled: Reconciled) -> None:
    assert reconciled.reported() is None
    reconciled.note_report(DAY)
    assert reconciled.reported() == DAY


def test_what_was_seen_an_hour_ago_is_remembered(reconciled: Reconciled) -> None:
    def seen(identity: str, hours: float) -> bool:
        now = NOW + hours * HOUR
        return reconciled.seen_before(identity, now - HOUR, now)

    assert [seen("a", hours) for hours in (0, 0.5, 1, 1.5)] == [False, False, True, True]
    assert not seen("b", 1.5)
    # And forgotten after a day, though DynamoDB deletes later
    assert [seen("b", hours) for hours in (25, 25.5, 26, 26.5)] == [True, False, False, True]


@pytest.mark.stack
def test_every_billed_call_of_an_epoch_is_told_with_its_key(table: "Table") -> None:
    # Given an epoch with more calls of one subscription than a page has, and one of another
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(1_000)
    rows = [row(f"row-{n}") for n in range(130)]
    usage.count([*rows, row("other", subscription_id=2, key_hash=OTHER)], NOW)
    # When its calls are read
    billed = DynamoBilledCalls(DynamoEpochUsage(table, time.sleep), UsageReader(table))
    assert billed.subscriptions(1_000) == [1, 2]
    calls = [call for subscription_id in (1, 2) for call in billed.of(1_000, subscription_id)]
    # Then all are there
    assert len(calls) == 131
    assert {(call.subscription_id, call.key_hash) for call in calls} == {(1, KEY), (2, OTHER)}
    assert {call.usage.cost_nanousd for call in calls} == {7}
