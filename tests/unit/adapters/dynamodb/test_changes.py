"""Stream records become the changes that use cases react to, and other items become nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flareflow.adapters.dynamodb.changes import decode_change, decode_changed_funds
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.tables import (
    EPOCH_DELTA,
    JOURNAL_ENTRY,
    LIVE_TOTALS,
    OPEN_EPOCH,
    SUBSCRIPTION,
    USAGE_EVENT,
)
from flareflow.json_format import timestamp
from flareflow.metering.models import EventStatus, FinishedCall, UsageEvent
from flareflow.realtime.changes import SubscriptionChanged, UsageChanged
from flareflow.settlement.events import Position
from flareflow.settlement.journal import Subscription, SubscriptionStatus
from tests.support.stream_records import EVENT_ID, WRITTEN_AT, stream_record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVENT = UsageEvent(7, FinishedCall("call-1", "ab" * 32, "gpt-4o", 10, 20, 225_000, NOON, NOON), 45_000_000)
CALL: Item = USAGE_EVENT.key(litellm_call_id="call-1") | {
    "litellm_call_id": "call-1",
    "subscription_id": 7,
    "key_hash": "ab" * 32,
    "model": "gpt-4o",
    "status": "unconfirmed",
    "prompt_tokens": 10,
    "completion_tokens": 20,
    "requests": 1,
    "rated_microtokens": 45_000_000,
    "cost_nanousd": 225_000,
    "started_at": timestamp(NOON),
    "ended_at": timestamp(NOON),
}
ALICES = Subscription(7, "0x01", 1, 2, Position(100, 0, 3), balance_ufix64=90, deposited_ufix64=100, charged_ufix64=10)
STATE: Item = SUBSCRIPTION.key(subscription_id=7) | {
    "subscription_id": 7,
    "owner": "0x01",
    "plan_id": 1,
    "plan_version": 2,
    "position": [100, 0, 3],
    "status": "active",
    "balance_ufix64": 90,
    "deposited_ufix64": 100,
    "charged_ufix64": 10,
    "settled_epoch": None,
    "last_event": "100",
}
LIVE: Item = LIVE_TOTALS.key(subscription_id=7) | {"counted_requests": 1}


def test_a_new_usage_event_is_a_change_of_usage() -> None:
    assert decode_change(stream_record(CALL)) == UsageChanged(EVENT_ID, WRITTEN_AT, EVENT, EventStatus.UNCONFIRMED)


def test_a_usage_event_with_another_status_is_a_change_of_usage() -> None:
    counted = stream_record(CALL | {"status": "counted"}, CALL)
    assert decode_change(counted) == UsageChanged(EVENT_ID, WRITTEN_AT, EVENT, EventStatus.COUNTED)


def test_a_usage_event_that_is_counted_with_other_numbers_has_those() -> None:
    changed = decode_change(stream_record(CALL | {"completion_tokens": 21}, CALL))
    assert isinstance(changed, UsageChanged)
    assert changed.event.call.completion_tokens == 21


def test_a_usage_event_with_the_same_content_is_no_change() -> None:
    assert decode_change(stream_record(CALL | {"recorded_at": timestamp(NOON)}, CALL)) is None


def test_a_change_of_a_subscription_has_its_state_before_and_after() -> None:
    assert decode_change(stream_record(STATE)) == SubscriptionChanged(EVENT_ID, WRITTEN_AT, None, ALICES)
    suspended = replace(ALICES, status=SubscriptionStatus.SUSPENDED)
    changed = decode_change(stream_record(STATE | {"status": "suspended"}, STATE))
    assert changed == SubscriptionChanged(EVENT_ID, WRITTEN_AT, ALICES, suspended)


@pytest.mark.parametrize(
    "item",
    [
        EPOCH_DELTA.key(epoch=1, subscription_id=7),
        LIVE,
        JOURNAL_ENTRY.key(subscription_id=7, height=1, transaction_index=0, event_index=0),
        OPEN_EPOCH.key(),
    ],
)
def test_other_items_are_no_change(item: Item) -> None:
    assert decode_change(stream_record(item | {"anything": 1})) is None


@pytest.mark.parametrize("item", [CALL, STATE])
def test_a_deleted_item_is_no_change(item: Item) -> None:
    assert decode_change(stream_record(None, item)) is None


@pytest.mark.parametrize("item", [LIVE, STATE])
def test_a_change_of_live_totals_or_state_changes_the_funds(item: Item) -> None:
    assert decode_changed_funds(stream_record(item)) == 7
    assert decode_changed_funds(stream_record(item, item)) == 7
    assert decode_changed_funds(stream_record(None, item)) == 7


@pytest.mark.parametrize(
    "item",
    [
        CALL,
        EPOCH_DELTA.key(epoch=1, subscription_id=7),
        JOURNAL_ENTRY.key(subscription_id=7, height=1, transaction_index=0, event_index=0),
        {"pk": "METERING", "sk": "LIVE"},
    ],
)
def test_other_items_change_no_funds(item: Item) -> None:
    assert decode_changed_funds(stream_record(item)) is None
