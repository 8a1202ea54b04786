"""What accounts read of the ledger and the usage is what settlement and metering wrote there."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from flareflow.accounts.ports import Ledger, MeteredUsage
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.subscriptions import ENTRIES_LISTED_MAX, LedgerReader
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_reader import EVENTS_LISTED_MAX, UsageReader
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.events import ChainEvent, Settled, SubscriptionEvent, SubscriptionOpened, ToppedUp
from flareflow.settlement.journal import post
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Tariff, Tier, Tiers
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.metering import FakePriceBooks, record, row
from tests.support.dynamodb import fresh_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table
pytestmark = pytest.mark.stack

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def usage_table(server: None) -> Iterator["Table"]:
    """UsageTable."""
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
        posting = post(event, ledger.subscription(subscription_id), Tariff())
        assert posting is not None
        ledger.record([posting])


def test_the_journal_is_read_page_by_page_newest_first(table: "Table") -> None:
    # Given a journal that is longer than a page
    deposit(DynamoLedger(table, time.sleep), 7, ALICE, top_ups=ENTRIES_LISTED_MAX)
    deposit(DynamoLedger(table, time.sleep), 8, BOB)
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


def test_the_charges_from_an_epoch_on_are_those_that_raised_the_settled_total(table: "Table") -> None:
    # Given three charges with a deposit between them, one of which only pays a debt
    ledger = DynamoLedger(table, time.sleep)
    totals = {10: 1_000_000_000, 11: 2_000_000_000, 12: 2_000_000_000, 13: 3_000_000_000}
    happened: list[SubscriptionEvent] = [SubscriptionOpened(7, ALICE, 1, 1, 10**9, 10**9)]
    happened += [Settled(7, epoch, total, 0, 0, 10**9) for epoch, total in totals.items()]
    for height, one in enumerate(happened):
        event = ChainEvent(Position(100 + height, 0, 0), NOON, "ab" * 32, one)
        posting = post(event, ledger.subscription(7), Tariff(Tiers((Tier(None, 0),))))
        assert posting is not None
        ledger.record([posting])
    # Then those from epoch 11 on are listed, newest first, with what each added
    found = LedgerReader(table).charges(7, 11)
    assert [(one.epoch, one.settled_microtokens) for one in found] == [(13, 1_000_000_000), (11, 1_000_000_000)]
    assert LedgerReader(table).charges(8, 0) == []


def test_a_subscription_and_its_owner_are_what_the_ledger_says(table: "Table") -> None:
    deposit(DynamoLedger(table, time.sleep), 7, ALICE, top_ups=1)
    reader = LedgerReader(table)
    assert reader.subscription(7) == DynamoLedger(table, time.sleep).subscription(7)
    assert (reader.owner(7), reader.owner(8)) == (ALICE, None)
    assert (list(reader.owned_by(ALICE, None).items), list(reader.owned_by(BOB, None).items)) == ([7], [])


def test_a_cursor_of_another_form_is_refused(table: "Table") -> None:
    reader = LedgerReader(table)
    with pytest.raises(InvalidRequestError):
        reader.journal(7, "../anything else")


def test_usage_is_read_as_metering_wrote_it(usage_table: "Table") -> None:
    # Given one counted and one unconfirmed call
    metering = DynamoUsageEvents(usage_table, time.sleep, FakePriceBooks())
    metering.open_epoch_if_none(5)
    recorded, waiting = (record(f"call-{number}", subscription_id=7) for number in (1, 2))
    metering.record([recorded, waiting], NOON)
    metering.count([row("a", call_id="call-1", subscription_id=7)], NOON)
    # Then the totals and the events of the epoch are these
    reader: MeteredUsage = UsageReader(usage_table)
    ten = Usage(9, 1, 1, 10_000_000, 0)
    assert reader.live(7) == LiveTotals(counted=ten + Usage(cost_nanousd=7), unconfirmed=ten)
    assert reader.live(8) == LiveTotals()
    [event] = reader.events(7, 5, None).items
    assert (event.event_id, event.tokens, event.rated_microtokens) == ("call-1", recorded.call.tokens, 10_000_000)
    assert list(reader.events(7, 6, None).items) == []


def test_the_events_of_an_epoch_are_read_page_by_page(usage_table: "Table") -> None:
    # Given more events than a page, counted by two polls, and a row that was not billed
    metering = DynamoUsageEvents(usage_table, time.sleep, FakePriceBooks())
    metering.open_epoch_if_none(5)
    metering.count([row(f"r-{n}", subscription_id=7) for n in range(EVENTS_LISTED_MAX + 20)], NOON)
    metering.record([record("call-1", subscription_id=7)], NOON)
    rows = [row(name, call_id="call-1", subscription_id=7) for name in ("first", "second")]
    metering.count(rows, NOON)
    # When they are read to their end
    reader, cursor, pages = UsageReader(usage_table), None, 0
    events: list[UsageEvent] = []
    while pages == 0 or cursor is not None:
        page = reader.events(7, 5, cursor)
        events += page.items
        cursor, pages = page.next_cursor, pages + 1
    # Then each is there once
    assert pages == 2
    assert len({event.event_id for event in events}) == len(events) == EVENTS_LISTED_MAX + 21


@pytest.mark.parametrize("cursor", ["", "1", "x.1", "1.x", "-1.0", "1.0.0"])
def test_a_place_in_the_events_of_another_form_is_refused(usage_table: "Table", cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        UsageReader(usage_table).events(7, 5, cursor)
