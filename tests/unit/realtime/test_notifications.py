"""What changes of a subscription mean: one notification of each type, the newest of everything."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flareflow.json_format import to_json
from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.usage_events import Entry
from flareflow.realtime.changes import (
    CallsCounted,
    Change,
    EpochAttested,
    EpochSealed,
    KeyChanged,
    StandingDecided,
    SubscriptionChanged,
    UsageChanged,
)
from flareflow.realtime.frames import FRAME_BYTES_MAX, frames, numbered
from flareflow.realtime.models import Message, SuspendedBy
from flareflow.realtime.notifications import notifications_of
from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Currency, Tariff
from flareflow.settlement.subscription import Subscription, SubscriptionStatus
from tests.fakes.metering import rating, record, row, waiting

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOTALS = LiveTotals(Usage(rated_microtokens=100_000_000), Usage(rated_microtokens=10_000_000))
USED = UsageChanged(1, NOON, 7, 3, TOTALS, (waiting(record("call-1", subscription_id=7)),))
STATE = Subscription(
    subscription_id=7,
    owner="0x01",
    plan_id=1,
    plan_version=1,
    position=Position(100, 0, 0),
    balance_ufix64=98_000_000,
    deposited_ufix64=100_000_000,
    charged_ufix64=2_000_000,
    settled_microtokens=1_000_000_000,
    settled_epoch=5,
)
CALL = {"event_id": "call-1", "model": "gpt-4.1-mini", "tokens": "10", "rated_microtokens": "10000000"}


def told(*changes: Change) -> list[tuple[str, Mapping[str, Any]]]:
    return [(str(one.type), one.data) for one in notifications_of(changes)]


def state(after: Subscription, before: Subscription | None = None) -> SubscriptionChanged:
    return SubscriptionChanged(1, NOON, after.subscription_id, before, after)


def counted(*names: str) -> CallsCounted:
    rows = [row(name, call_id=name) for name in names]
    return CallsCounted(2, NOON, 7, tuple(Entry(one.call, *rating(one)) for one in rows))


def test_changed_totals_are_told_with_the_calls_that_are_new() -> None:
    [(kind, data)] = told(USED)
    assert kind == "usage.pending"
    assert data == {
        "totals": {"version": "3", "counted_microtokens": "100000000", "unconfirmed_microtokens": "10000000"},
        "calls": [CALL | {"state": "unconfirmed"}],
        "calls_left_out": "0",
    }


def test_counted_calls_are_told_by_the_name_that_the_gate_gave_them() -> None:
    rows = (row("a", call_id="call-1"), row("b", started_at=NOON))
    change = CallsCounted(1, NOON, 7, tuple(Entry(one.call, *rating(one)) for one in rows))
    [(kind, data)] = told(change)
    assert (kind, data["totals"]) == ("usage.pending", None)
    assert data["calls"][0] == CALL | {"state": "counted"}
    assert data["calls"][1]["event_id"] == "b@2026-11-24T12:00:00.000000Z"


def test_entries_that_bill_nobody_are_not_told() -> None:
    assert told(CallsCounted(1, NOON, 7, ())) == []


def test_usage_of_several_changes_is_one_message_with_the_last_totals_and_state_of_each_call() -> None:
    later = replace(USED, version=4, calls=(waiting(record("call-2", subscription_id=7)),))
    [(_, data)] = told(USED, later, counted("call-1"))
    assert data["totals"]["version"] == "4"
    assert [(one["event_id"], one["state"]) for one in data["calls"]] == [
        ("call-1", "counted"),
        ("call-2", "unconfirmed"),
    ]


def test_calls_that_do_not_fit_into_a_frame_are_left_out_and_counted() -> None:
    # Given more calls than fit
    [notification] = notifications_of([counted(*(f"call-{number}" for number in range(1000)))])
    # When they are told
    [frame] = frames([numbered(Message(notification, 2**63))])
    # Then they fill most of one frame, and the others are counted
    assert 20_000 < len(frame) <= FRAME_BYTES_MAX
    shown: Any = notification.data["calls"]
    assert len(shown) + int(str(notification.data["calls_left_out"])) == 1000


def test_many_messages_are_as_few_frames_as_hold_them() -> None:
    messages = [{"type": "x", "text": "y" * 10_000} for _ in range(7)]
    texts = frames(messages)
    assert [text.count('"type"') for text in texts] == [3, 3, 1]
    assert all(len(text) <= FRAME_BYTES_MAX for text in texts)


def test_a_frame_is_filled_to_its_last_byte() -> None:
    empty = len(frames([{"a": ""}, {"a": ""}])[0])
    room = FRAME_BYTES_MAX - empty
    assert len(frames([{"a": "x" * room}, {"a": ""}])) == 1
    assert len(frames([{"a": "x" * (room + 1)}, {"a": ""}])) == 2


def test_a_change_of_neither_balance_nor_status_is_not_told() -> None:
    assert told(state(replace(STATE, position=Position(101, 0, 0), plan_id=2), STATE)) == []


def test_a_settlement_is_told_before_the_changed_balance() -> None:
    before = replace(STATE, settled_epoch=4, balance_ufix64=100_000_000, charged_ufix64=0)
    (first, settled), (second, balance) = told(state(STATE, before))
    assert (first, second) == ("usage.settled", "balance.changed")
    assert settled == {
        "epoch": "5",
        "settled_microtokens": "1000000000",
        "charged_ufix64": "2000000",
        "owed_ufix64": "0",
        "currency": "token",
    }
    assert balance["balance_ufix64"] == "98000000"


def test_what_is_owed_is_told_with_its_currency() -> None:
    tariff = Tariff(currency=Currency.USD, needs_rate=True)
    owing = replace(STATE, tariff=tariff, settled_epoch=6, owed_ufix64=5, status=SubscriptionStatus.SUSPENDED)
    assert [(data["owed_ufix64"], data["currency"]) for _, data in told(state(owing, STATE))] == [("5", "USD")] * 2


def test_a_new_subscription_is_told_as_a_changed_balance() -> None:
    assert [kind for kind, _ in told(state(replace(STATE, settled_epoch=None)))] == ["balance.changed"]


@pytest.mark.parametrize(
    "change",
    [
        {"balance_ufix64": 97_000_000, "deposited_ufix64": 99_000_000},
        {"status": SubscriptionStatus.SUSPENDED},
    ],
    ids=["balance", "status"],
)
def test_a_changed_balance_or_status_is_told(change: dict[str, Any]) -> None:
    assert [kind for kind, _ in told(state(replace(STATE, **change), STATE))] == ["balance.changed"]


def test_a_settlement_that_charges_nothing_is_told_alone() -> None:
    [(kind, data)] = told(state(replace(STATE, settled_epoch=6), STATE))
    assert (kind, data["epoch"]) == ("usage.settled", "6")


def test_of_several_states_and_standings_the_last_is_told() -> None:
    # Given a settlement and a top-up, and two standings
    settled = replace(STATE, settled_epoch=6, balance_ufix64=97_000_000, charged_ufix64=3_000_000)
    topped_up = replace(settled, balance_ufix64=98_500_000, deposited_ufix64=101_500_000)
    standings = [StandingDecided(number, NOON, 7, name, number) for number, name in ((3, "warned"), (4, "active"))]
    # When they are told together
    kinds = dict(told(state(settled, STATE), state(topped_up, settled), *standings))
    # Then the epoch is that of the settlement, and the balance and the standing are the last ones
    assert list(kinds) == ["usage.settled", "balance.changed", "standing.changed"]
    assert (kinds["usage.settled"]["epoch"], kinds["balance.changed"]["balance_ufix64"]) == ("6", "98500000")
    assert kinds["standing.changed"] == {"standing": "active", "version": "4"}


def test_the_newest_sealed_and_attested_epochs_are_told_in_the_order_of_their_way() -> None:
    # Given two statements and two proofs, whose records came in another order, and a settlement
    sealed = [EpochSealed(number, NOON, 7, epoch, 10 * epoch, b"\xab" * 32) for number, epoch in ((1, 9), (2, 8))]
    attested = [EpochAttested(number, NOON, 7, epoch, 10 * epoch, 100 + epoch) for number, epoch in ((1, 7), (2, 6))]
    # When they are told together
    settlement = state(replace(STATE, settled_epoch=6), STATE)
    kinds = told(settlement, *attested, *sealed, USED)
    # Then each has its total, which is cumulative
    assert [kind for kind, _ in kinds] == ["usage.pending", "usage.sealed", "usage.attested", "usage.settled"]
    assert kinds[1][1] == {"epoch": "9", "sealed_microtokens": "90", "statement_hash": "0x" + "ab" * 32}
    assert kinds[2][1] == {"epoch": "7", "attested_microtokens": "70", "voting_round": "107"}


def test_of_each_key_the_last_state_is_told_and_why_it_does_not_work() -> None:
    # Given a key that was blocked and works again, one that the standing blocks, and one that an administrator does
    standing, administrator = SuspendedBy.STANDING, SuspendedBy.ADMINISTRATOR
    states = (("a", standing), ("b", standing), ("a", None), ("c", administrator))
    changes = [KeyChanged(number, NOON, 7, name, f"alias of {name}", by) for number, (name, by) in enumerate(states)]
    # When they are told together, Then each key has one message
    assert told(*changes) == [
        ("key.resumed", {"key_hash": "a", "alias": "alias of a"}),
        ("key.suspended", {"key_hash": "b", "alias": "alias of b", "reason": "standing"}),
        ("key.suspended", {"key_hash": "c", "alias": "alias of c", "reason": "administrator"}),
    ]


def test_a_notification_is_of_the_time_of_the_last_change() -> None:
    later = NOON + timedelta(seconds=1)
    [notification] = notifications_of([USED, replace(USED, at=later, version=4)])
    assert notification.at == later
    assert to_json(notification.at) == '"2026-11-24T12:00:01.000000Z"'
