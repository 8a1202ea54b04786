"""What metering and settlement write is decoded from the streams as they wrote it."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from flareflow.adapters.dynamodb.changes import decode_change, decode_changed_funds
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.tables import LIVE_TOTALS, SUBSCRIPTION, USAGE_EVENT, ItemKind
from flareflow.adapters.dynamodb.usage import DynamoUsageEvents
from flareflow.metering.models import EventStatus, UsageEvent
from flareflow.realtime.changes import SubscriptionChanged, UsageChanged
from flareflow.settlement.events import ChainEvent, Position, Settled, SubscriptionOpened
from flareflow.settlement.journal import post
from tests.fakes.accounts import ALICE
from tests.fakes.metering import NOW, finished_call
from tests.support.stream_records import EVENT_ID, WRITTEN_AT, stream_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

pytestmark = pytest.mark.stack

EVENT = UsageEvent(7, finished_call("call-1"), 10_000_000)


def stored(table: "Table", kind: ItemKind, **parts: str | int) -> Any:
    return table.get_item(Key=kind.key(**parts))["Item"]


def test_a_usage_event_is_decoded_at_each_status(table: "Table") -> None:
    # Given an event that is pushed, and later counted
    usage = DynamoUsageEvents(table, time.sleep)
    usage.open_epoch_if_none(5)
    usage.add_unconfirmed([EVENT], NOW)
    pushed = stored(table, USAGE_EVENT, litellm_call_id="call-1")
    usage.count([EVENT], NOW)
    counted = stored(table, USAGE_EVENT, litellm_call_id="call-1")
    # When both changes are decoded, Then they hold the event and its status
    assert decode_change(stream_record(pushed)) == UsageChanged(EVENT_ID, WRITTEN_AT, EVENT, EventStatus.UNCONFIRMED)
    assert decode_change(stream_record(counted, pushed)) == UsageChanged(
        EVENT_ID, WRITTEN_AT, EVENT, EventStatus.COUNTED
    )
    assert decode_changed_funds(stream_record(stored(table, LIVE_TOTALS, subscription_id=7))) == 7


def test_a_subscription_is_decoded_before_and_after_a_settlement(table: "Table") -> None:
    # Given a subscription that is opened and settled once
    ledger, items, states = DynamoLedger(table), [], []
    events: list[SubscriptionOpened | Settled] = [
        SubscriptionOpened(7, ALICE, 1, 1, 100, 100),
        Settled(7, 5, 5_000, 30, 0, 70),
    ]
    for height, happened in enumerate(events):
        posting = post(ChainEvent(Position(height, 0, 0), NOW, "ab" * 32, happened), ledger.subscription(7))
        assert posting is not None
        ledger.record(posting)
        items.append(stored(table, SUBSCRIPTION, subscription_id=7))
        states.append(posting.subscription)
    # When the settlement's change is decoded, Then it holds both states
    change = decode_change(stream_record(items[1], items[0]))
    assert isinstance(change, SubscriptionChanged)
    assert [change.before, change.after] == states
    assert decode_changed_funds(stream_record(items[1], items[0])) == 7
