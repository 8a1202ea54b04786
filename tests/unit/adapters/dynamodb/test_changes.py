"""Stream records become the changes that use cases react to, and other items become nothing."""

from dataclasses import replace

import pytest

from flareflow.adapters.dynamodb import changes
from flareflow.adapters.dynamodb.account_kinds import VIRTUAL_KEY
from flareflow.adapters.dynamodb.changed_funds import decode_changed_funds
from flareflow.adapters.dynamodb.changes import decode_change
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger_kinds import JOURNAL_ENTRY, STANDING, SUBSCRIPTION
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, STATEMENT
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS, OPEN_EPOCH, PACK_NAME, USAGE_PACK, WAITING_RECORDS
from flareflow.adapters.dynamodb.usage_packs import pack_entries, pack_records
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.usage_events import Entry
from flareflow.realtime.changes import CallsCounted, KeyChanged, StandingDecided, SubscriptionChanged, UsageChanged
from flareflow.realtime.models import SuspendedBy
from flareflow.settlement.positions import Position
from flareflow.settlement.subscription import Subscription, SubscriptionStatus
from tests.fakes.metering import rating, record, row, waiting
from tests.support.stream_records import NUMBER, WRITTEN_AT, stream_record

PACK: Item = USAGE_PACK.key(subscription_id=7, second=1, version=1, part=0, epoch=1)
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
KEY: Item = VIRTUAL_KEY.key(subscription_id=7, key_hash="ab" * 32) | {"key_hash": "ab" * 32, "alias": "mine"}
WAITING = [waiting(record(name, subscription_id=7)) for name in ("call-1", "call-2")]
LIVE: Item = LIVE_TOTALS.key(subscription_id=7) | {
    "version": 3,
    "counted": [10, 20, 1, 45_000_000, 225_000],
    "unconfirmed": [18, 2, 2, 20_000_000, 0],
    "waiting": pack_records(WAITING),
}


def test_new_live_totals_are_a_change_of_usage_with_the_calls_that_wait() -> None:
    totals = LiveTotals(Usage(10, 20, 1, 45_000_000, 225_000), Usage(18, 2, 2, 20_000_000, 0))
    assert decode_change(stream_record(LIVE)) == UsageChanged(NUMBER, WRITTEN_AT, 7, 3, totals, tuple(WAITING))


def test_only_calls_that_did_not_wait_before_are_new() -> None:
    before = LIVE | {"version": 2, "waiting": pack_records(WAITING[:1])}
    changed = decode_change(stream_record(LIVE, before))
    assert isinstance(changed, UsageChanged)
    assert changed.calls == (WAITING[1],)


def test_live_totals_without_waiting_calls_are_a_change_of_usage_without_calls() -> None:
    counted = {name: value for name, value in LIVE.items() if name != "waiting"}
    changed = decode_change(stream_record(counted, LIVE))
    assert isinstance(changed, UsageChanged)
    assert changed.calls == ()


def test_a_new_standing_is_told_with_the_one_before_and_the_owner() -> None:
    stored = STANDING.key(subscription_id=7) | {
        "subscription_id": 7,
        "standing": "warned",
        "owner": "0x01",
        "since": "2026-11-24T12:00:00Z",
        "version": 3,
    }
    before = stored | {"standing": "active", "version": 2}
    told = StandingDecided(NUMBER, WRITTEN_AT, 7, "warned", 3, before="active", owner="0x01")
    assert decode_change(stream_record(stored, before)) == told
    assert decode_change(stream_record(stored)) == replace(told, before=None)


def test_a_new_pack_is_calls_that_were_counted_without_those_that_were_not_billed() -> None:
    billed, other = (Entry(one.call, *rating(one)) for one in (row("a"), row("b")))
    known = replace(other, is_billed=False)
    pack = PACK | {"entries": pack_entries([billed, known])}
    assert decode_change(stream_record(pack)) == CallsCounted(NUMBER, WRITTEN_AT, 7, (billed,))


def test_a_change_of_a_subscription_has_its_state_before_and_after() -> None:
    assert decode_change(stream_record(STATE)) == SubscriptionChanged(NUMBER, WRITTEN_AT, 7, None, ALICES)
    suspended = replace(ALICES, status=SubscriptionStatus.SUSPENDED)
    changed = decode_change(stream_record(STATE | {"status": "suspended"}, STATE))
    assert changed == SubscriptionChanged(NUMBER, WRITTEN_AT, 7, ALICES, suspended)


@pytest.mark.parametrize(
    ("before", "after", "suspended_by"),
    [
        ("changing", "blocked", SuspendedBy.STANDING),
        ("changing", "active", None),
        ("active", "held", SuspendedBy.ADMINISTRATOR),
        ("blocked", "held", SuspendedBy.ADMINISTRATOR),
        ("changing", "held", SuspendedBy.ADMINISTRATOR),
    ],
)
def test_a_key_that_was_blocked_or_unblocked_is_a_change(
    before: str, after: str, suspended_by: SuspendedBy | None
) -> None:
    change = decode_change(stream_record(KEY | {"status": after}, KEY | {"status": before}))
    assert change == KeyChanged(NUMBER, WRITTEN_AT, 7, "ab" * 32, "mine", suspended_by)


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "changing"), ("held", "changing"), ("held", "held"), ("active", "active"), (None, "active")],
)
def test_a_key_whose_state_is_the_same_or_not_known_is_no_change(before: str | None, after: str) -> None:
    old = None if before is None else KEY | {"status": before}
    assert decode_change(stream_record(KEY | {"status": after, "budget_microusd": 5}, old)) is None


@pytest.mark.parametrize(
    ("item", "is_of_epoch"),
    [(STATEMENT.key(epoch=5), True), (ATTESTATION.key(epoch=5), True), (LIVE_TOTALS.key(subscription_id=7), False)],
)
def test_statements_and_attestations_are_told_apart(item: Item, is_of_epoch: bool) -> None:
    assert changes.is_of_epoch(stream_record(item)) is is_of_epoch


@pytest.mark.parametrize(
    "item",
    [
        PACK_NAME.key(epoch=1, shard=7, subscription_id=7, version=1, part=0, second=1),
        WAITING_RECORDS.key(subscription_id=7, version=1, part=0),
        JOURNAL_ENTRY.key(subscription_id=7, height=1, transaction_index=0, event_index=0),
        OPEN_EPOCH.key(),
    ],
)
def test_other_items_are_no_change(item: Item) -> None:
    assert decode_change(stream_record(item | {"anything": 1})) is None


@pytest.mark.parametrize("item", [LIVE, STATE])
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
        PACK,
        PACK_NAME.key(epoch=1, shard=7, subscription_id=7, version=1, part=0, second=1),
        JOURNAL_ENTRY.key(subscription_id=7, height=1, transaction_index=0, event_index=0),
        {"pk": "METERING", "sk": "LIVE"},
    ],
)
def test_other_items_change_no_funds(item: Item) -> None:
    assert decode_changed_funds(stream_record(item)) is None
