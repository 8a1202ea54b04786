"""From a change to a message on every connection that watches."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flareflow.metering.models import EventStatus, FinishedCall, UsageEvent
from flareflow.realtime.changes import Change, SubscriptionChanged, UsageChanged
from flareflow.realtime.pushing import Push
from flareflow.settlement.events import Position
from flareflow.settlement.journal import Subscription, SubscriptionStatus
from tests.fakes.accounts import FakeClock, FakeMeteredUsage
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALL = UsageEvent(7, FinishedCall("call-1", "ab" * 32, "gpt-4o", 10, 20, 225_000, NOON, NOON), 45_000_000)
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


@dataclass
class Square:
    """Pushing over fakes; connection c1 watches subscription 7."""

    messages: FakeMessages = field(default_factory=FakeMessages)
    connections: FakeConnections = field(default_factory=FakeConnections)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)

    def __post_init__(self) -> None:
        self.connections.watch("c1", 7, NOON)

    def call(self, event: UsageEvent, status: EventStatus = EventStatus.UNCONFIRMED, change_id: str = "e1") -> None:
        self._push(UsageChanged(change_id, NOON, event, status))

    def state(self, after: Subscription, before: Subscription | None = None) -> None:
        self._push(SubscriptionChanged("e1", NOON, before, after))

    def _push(self, change: Change) -> None:
        Push(self.messages, self.connections, self.usage, self.sender, FakeClock()).run(change)

    def received(self, connection: str = "c1") -> list[dict[str, str]]:
        return [json.loads(text) for text in self.sender.sent[connection]]


@pytest.fixture
def square() -> Square:
    return Square()


def test_a_new_usage_event_is_pushed_with_the_live_totals(square: Square) -> None:
    # Given totals of 100 counted and 45 unconfirmed tokens
    square.usage.meter(7, counted=100_000_000, unconfirmed=45_000_000)
    # When a call is pushed
    square.call(CALL)
    # Then who watches sees it, numbers as decimal text
    assert square.received() == [
        {
            "type": "usage.pending",
            "subscription_id": "7",
            "sequence": "1",
            "at": "2026-11-24T12:00:00.000000Z",
            "litellm_call_id": "call-1",
            "model": "gpt-4o",
            "status": "unconfirmed",
            "tokens": "30",
            "rated_microtokens": "45000000",
            "counted_microtokens": "100000000",
            "unconfirmed_microtokens": "45000000",
        }
    ]


def test_a_usage_event_is_pushed_again_when_it_is_counted(square: Square) -> None:
    square.call(CALL)
    square.call(CALL, EventStatus.COUNTED, change_id="e2")
    assert [message["status"] for message in square.received()] == ["unconfirmed", "counted"]


def test_a_change_of_neither_balance_nor_status_makes_no_message(square: Square) -> None:
    square.state(replace(STATE, position=Position(101, 0, 0), plan_id=2), STATE)
    assert square.received() == []


def test_a_settlement_is_pushed_before_the_changed_balance(square: Square) -> None:
    before = replace(STATE, settled_epoch=4, balance_ufix64=100_000_000, charged_ufix64=0)
    square.state(STATE, before)
    told = [(message["type"], message["sequence"]) for message in square.received()]
    assert told == [("usage.settled", "1"), ("balance.changed", "2")]
    assert square.received()[0]["epoch"] == "5"
    assert square.received()[1]["balance_ufix64"] == "98000000"


def test_a_new_subscription_is_pushed_as_a_changed_balance(square: Square) -> None:
    square.state(replace(STATE, settled_epoch=None))
    assert [message["type"] for message in square.received()] == ["balance.changed"]


def test_a_change_that_is_delivered_twice_is_the_same_message(square: Square) -> None:
    square.call(CALL)
    square.call(CALL)
    assert [message["sequence"] for message in square.received()] == ["1", "1"]
    assert square.messages.last_sequence(7) == 1


def test_a_connection_that_is_gone_is_forgotten_and_the_others_are_served(square: Square) -> None:
    square.connections.watch("c0", 7, NOON)
    square.sender.gone.add("c0")
    square.call(CALL)
    assert square.connections.watching(7) == ["c1"]
    assert len(square.received()) == 1


def test_a_watcher_of_another_subscription_receives_nothing(square: Square) -> None:
    square.connections.watch("c2", 8, NOON)
    square.call(CALL)
    assert square.received("c2") == []


def test_a_message_is_stored_before_it_is_sent(square: Square) -> None:
    # Given a connection that notes how many messages are stored when it receives one
    stored: list[int] = []
    send = square.sender.send

    def send_and_note(connection_id: str, text: str) -> bool:
        stored.append(square.messages.last_sequence(7))
        return send(connection_id, text)

    square.sender.send = send_and_note  # type: ignore[method-assign]
    # When a call is pushed
    square.call(CALL)
    # Then its message was stored by then
    assert stored == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"balance_ufix64": 97_000_000, "deposited_ufix64": 99_000_000},
        {"status": SubscriptionStatus.SUSPENDED},
    ],
    ids=["balance", "status"],
)
def test_a_changed_balance_or_status_is_told(square: Square, change: dict[str, Any]) -> None:
    square.state(replace(STATE, **change), STATE)
    assert [message["type"] for message in square.received()] == ["balance.changed"]


def test_a_settlement_that_charges_nothing_is_told_alone(square: Square) -> None:
    square.state(replace(STATE, settled_epoch=6), STATE)
    assert [(message["type"], message["epoch"]) for message in square.received()] == [("usage.settled", "6")]
