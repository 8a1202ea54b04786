"""What accounts read of the ledger and the usage is what settlement and metering wrote there."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.ports import Ledger, MeteredUsage
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.subscriptions import ENTRIES_LISTED_MAX, LedgerReader, UsageReader
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import FinishedCall, LiveTotals, UsageEvent
from flareflow.settlement.events import ChainEvent, Position, SubscriptionOpened, ToppedUp
from flareflow.settlement.journal import post
from tests.fakes.accounts import ALICE, BOB
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
pytestmark = pytest.mark.stack

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def usage_table(server: None) -> Iterator["Table"]:
    """UsageTable with its indexes."""
    with fresh_table("UsageTable") as empty:
        yield empty


def deposit(ledger: DynamoLedger, subscription_id: int, owner: str, *, top_ups: int = 0) -> None:
    """Open a subscription with 10 units, then top it up by 1, so many times."""
    balance = 10
    opened = SubscriptionOpened(subscription_id, owner, 1, 1, balance, balance)
    topped_up = [ToppedUp(subscription_id, owner, 1, balance + number) for number in range(1, top_ups + 1)]
    happened: list[SubscriptionOpened | ToppedUp] = [opened, *topped_up]
    for height, one in enumerate(happened):
        event = ChainEvent(Position(100 + height, 0, subscription_id), NOON, "ab" * 32, one)
        posting = post(event, ledger.subscription(subscription_id))
        assert posting is not None
        ledger.record(posting)


def test_the_journal_is_read_page_by_page_newest_first(table: "Table") -> None:
    # Given a journal that is longer than a page
    deposit(DynamoLedger(table), 7, ALICE, top_ups=ENTRIES_LISTED_MAX)
    deposit(DynamoLedger(table), 8, BOB)
    reader: Ledger = LedgerReader(table)
    # When it is read to its end
    first = reader.journal(7, None)
    assert first.next_cursor is not None
    second = reader.journal(7, first.next_cursor)
    # Then every entry was there once
    heights = [entry.position.height for entry in [*first.items, *second.items]]
    assert heights == sorted(range(100, 101 + ENTRIES_LISTED_MAX), reverse=True)
    assert second.next_cursor is None
    assert {entry.subscription_id for entry in [*first.items, *second.items]} == {7}


def test_a_subscription_and_its_owner_are_what_the_ledger_says(table: "Table") -> None:
    deposit(DynamoLedger(table), 7, ALICE, top_ups=1)
    reader = LedgerReader(table)
    assert reader.subscription(7) == DynamoLedger(table).subscription(7)
    assert (reader.owner(7), reader.owner(8)) == (ALICE, None)
    assert (list(reader.owned_by(ALICE, None).items), list(reader.owned_by(BOB, None).items)) == ([7], [])


def test_a_cursor_of_another_form_is_refused(table: "Table") -> None:
    reader = LedgerReader(table)
    with pytest.raises(InvalidRequestError):
        reader.journal(7, "../anything else")


def test_usage_is_read_as_metering_wrote_it(usage_table: "Table") -> None:
    # Given one counted and one unconfirmed call
    metering = DynamoUsageEvents(usage_table, time.sleep)
    metering.open_epoch_if_none(5)
    event = UsageEvent(7, FinishedCall("call-1", "a" * 64, "gpt-4o", 10, 20, 225, NOON, NOON), 45_000_000)
    metering.count([event], NOON)
    metering.add_unconfirmed([replace(event, call=replace(event.call, litellm_call_id="call-2"))], NOON)
    # Then the totals and the events of the epoch are these
    reader: MeteredUsage = UsageReader(usage_table)
    assert reader.live(7) == LiveTotals(counted=event.usage, unconfirmed=event.usage)
    assert reader.live(8) == LiveTotals()
    assert list(reader.events(7, 5, None).items) == [event]
    assert list(reader.events(7, 6, None).items) == []
