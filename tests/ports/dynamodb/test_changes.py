"""What metering and settlement write is decoded from the streams as they wrote it."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from flareflow.adapters.dynamodb.changed_funds import decode_changed_funds
from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.metering.models import LiveTotals, Usage
from flareflow.realtime.changes import SubscriptionChanged, UsageChanged
from flareflow.settlement.events import ChainEvent, Settled, SubscriptionOpened
from flareflow.settlement.journal import post
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Tariff
from tests.fakes.accounts import ALICE
from tests.fakes.metering import NOW, FakePriceBooks, record, row, waiting
from tests.support.stream_records import NUMBER, WRITTEN_AT, stream_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack


def stored(table: "Table", kind: ItemKind, **parts: str | int) -> Any:
    return table.get_item(Key=kind.key(**parts))["Item"]


def test_live_totals_are_decoded_when_a_call_is_recorded_and_when_it_is_counted(table: "Table") -> None:
    # Given a call that is recorded, and later counted
    usage = DynamoUsageEvents(table, time.sleep, FakePriceBooks())
    usage.open_epoch_if_none(5)
    recorded = record("call-1", subscription_id=7)
    usage.record([recorded], NOW)
    before = stored(table, LIVE_TOTALS, subscription_id=7)
    usage.count([row("a", call_id="call-1", subscription_id=7)], NOW)
    after = stored(table, LIVE_TOTALS, subscription_id=7)
    # When both changes are decoded, Then they hold the totals, and the first the call
    ten = Usage(9, 1, 1, 10_000_000, 0)
    assert decode_change(stream_record(before)) == UsageChanged(
        NUMBER, WRITTEN_AT, 7, 1, LiveTotals(unconfirmed=ten), (waiting(recorded),)
    )
    assert decode_change(stream_record(after, before)) == UsageChanged(
        NUMBER, WRITTEN_AT, 7, 2, LiveTotals(counted=ten + Usage(cost_nanousd=7))
    )
    assert decode_changed_funds(stream_record(after)) == 7


def test_a_subscription_is_decoded_before_and_after_a_settlement(table: "Table") -> None:
    # Given a subscription that is opened and settled once
    ledger, items, states = DynamoLedger(table, time.sleep), [], []
    events: list[SubscriptionOpened | Settled] = [
        SubscriptionOpened(7, ALICE, 1, 1, 100, 100),
        Settled(7, 5, 15_000, 30, 0, 70),
    ]
    for height, happened in enumerate(events):
        posting = post(ChainEvent(Position(height, 0, 0), NOW, "ab" * 32, happened), ledger.subscription(7), Tariff())
        assert posting is not None
        ledger.record([posting])
        items.append(stored(table, SUBSCRIPTION, subscription_id=7))
        states.append(posting.subscription)
    # When the settlement's change is decoded, Then it holds both states
    change = decode_change(stream_record(items[1], items[0]))
    assert isinstance(change, SubscriptionChanged)
    assert [change.before, change.after] == states
    assert decode_changed_funds(stream_record(items[1], items[0])) == 7
