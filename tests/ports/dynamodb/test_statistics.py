"""`KeptStatistics` and `SubscriptionsInOrder`: the fakes and the real tables keep the same contract."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.statistics import DynamoStatistics, DynamoSubscriptionsInOrder
from flareflow.settlement.health import Health, System
from flareflow.settlement.statistics import Books, KeptStatistics, Sums
from tests.fakes.accounts import ALICE
from tests.fakes.settlement import FakeStatistics
from tests.ports.dynamodb.test_subscription_views import deposit
from tests.support.dynamodb import fresh_table
from tests.unit.settlement.test_status import NOW, Known

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack

DAY = timedelta(days=1)


@pytest.fixture(params=["fake", "dynamodb"])
def kept(request: pytest.FixtureRequest) -> Iterator[KeptStatistics]:
    if request.param == "fake":
        yield FakeStatistics()
        return
    request.getfixturevalue("server")
    with fresh_table("UsageTable") as table:
        yield DynamoStatistics(table)


def test_sums_are_what_was_kept_last(kept: KeptStatistics) -> None:
    assert kept.sums() == Sums()
    sums = Sums(Books(2, deposited_ufix64=2**70), NOW, Books(1), after=7, began_at=NOW, statements=3, through_epoch=9)
    for one in (Sums(statements=1), sums):
        kept.keep(one)
    assert kept.sums() == sums


def test_a_day_adds_up_its_ticks(kept: KeptStatistics) -> None:
    # Given two ticks of a day, one of them without LiteLLM and behind, and one of the day before
    today = NOW.date()
    well, late = Known(), Known(metered_to=NOW - DAY, under_way=[])
    for known in (well, late):
        kept.note_status(today, known.status())
    kept.note_status(today - DAY, well.status())
    # Then the days are told newest first, from one on, and no more than asked for
    first, second = kept.days(today - DAY, 90)
    assert (first.day, first.ticks, second.day, second.ticks) == (today, 2, today - DAY, 1)
    assert first.systems[System.LITELLM] == {Health.OK: 1, Health.LATE: 1, Health.UNKNOWN: 0}
    assert [one.day for one in kept.days(today, 90)] == [today]
    assert [one.day for one in kept.days(today - DAY, 1)] == [today]


def test_subscriptions_are_read_in_order_and_unreadable_ones_are_counted(table: "Table") -> None:
    # Given three subscriptions, of which one cannot be read
    ledger = DynamoLedger(table, time.sleep)
    for number in (30, 4, 7):
        deposit(ledger, number, ALICE)
    table.update_item(
        Key=SUBSCRIPTION.key(subscription_id=7),
        UpdateExpression="SET balance_ufix64 = :wrong",
        ExpressionAttributeValues={":wrong": -1},
    )
    # When they are read in parts
    order = DynamoSubscriptionsInOrder(table, time.sleep)
    first, second, end = order.part(None, 2), order.part(7, 2), order.part(30, 2)
    # Then each comes once
    assert ([one.subscription_id for one in first.subscriptions], first.unreadable, first.last) == ([4], 1, 7)
    assert ([one.subscription_id for one in second.subscriptions], second.last) == ([30], 30)
    assert (list(end.subscriptions), end.last) == ([], None)
