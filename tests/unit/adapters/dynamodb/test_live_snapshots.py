"""A snapshot has what messages would have told: a client that missed them knows as much as one that did not."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from flareflow.accounts.models import KeyStatus, VirtualKey
from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.live_snapshots import DynamoSnapshots
from flareflow.errors import NotFoundError
from flareflow.realtime.models import SuspendedBy
from flareflow.realtime.payloads import Snapshot, Totals, UsageAttested, UsageSealed, UsageSettled
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency
from flareflow.settlement.subscription import Subscription
from tests.fakes.accounts import ALICE, FakeVirtualKeys
from tests.support.memory_table import MemoryTable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEALED, ATTESTED = UsageSealed(9, 20, bytes(32)), UsageAttested(8, 15, 1_234)
OPENED = Subscription(7, ALICE, 1, 1, Position(1, 0, 0), balance_ufix64=100, deposited_ufix64=100)
EPOCHS = SimpleNamespace(sealed=lambda _: SEALED, attested=lambda _: ATTESTED)


def snapshot(subscription: Subscription | None, *keys: VirtualKey) -> Snapshot:
    ledger, known = MemoryTable(), FakeVirtualKeys({key.key_hash: key for key in keys})
    if subscription is not None:
        stored = SUBSCRIPTION.key(subscription_id=7) | TypeAdapter(Subscription).dump_python(subscription, mode="json")
        ledger.items[stored["pk"], stored["sk"]] = stored
    usage = MemoryTable().as_table()
    return DynamoSnapshots(ledger.as_table(), usage, lambda: known, lambda: cast("Any", EPOCHS)).of(7)


def key(name: str, status: KeyStatus) -> VirtualKey:
    return VirtualKey(name * 64, 7, f"the {name} key", status, NOON, ALICE, 0, 0)


def test_a_new_subscription_has_no_usage_and_was_not_settled() -> None:
    told = snapshot(OPENED)
    assert (told.totals, told.settled, told.standing, told.suspended) == (Totals(0, 0, 0), None, None, ())


def test_what_was_sealed_attested_and_settled_is_told() -> None:
    settled = replace(OPENED, settled_epoch=7, settled_microtokens=10, charged_ufix64=10, balance_ufix64=90)
    told = snapshot(settled)
    assert (told.sealed, told.attested) == (SEALED, ATTESTED)
    assert told.settled == UsageSettled(7, 10, 10, 0, Currency.TOKEN)


def test_the_keys_that_do_not_work_are_told() -> None:
    # Given a key in each state
    keys = [key(name, status) for name, status in zip("abcde", KeyStatus, strict=True)]
    # Then those that are blocked are told, and why
    told = {one.alias: one.reason for one in snapshot(OPENED, *keys).suspended}
    by_status = {one.status: one.alias for one in keys}
    assert told == {
        by_status[KeyStatus.BLOCKED]: SuspendedBy.STANDING,
        by_status[KeyStatus.HELD]: SuspendedBy.ADMINISTRATOR,
    }


def test_an_unknown_subscription_has_no_snapshot() -> None:
    with pytest.raises(NotFoundError):
        snapshot(None)
