"""From a changed item to a message on every connection that watches."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from flareflow.changes import StreamChange
from flareflow.realtime.pushing import Push
from tests.fakes.accounts import FakeClock, FakeMeteredUsage
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALL: dict[str, Any] = {
    "litellm_call_id": "call-1",
    "subscription_id": Decimal(7),
    "model": "gpt-4o",
    "status": "unconfirmed",
    "prompt_tokens": Decimal(10),
    "completion_tokens": Decimal(20),
    "rated_microtokens": Decimal(45_000_000),
}
STATE: dict[str, Any] = {
    "subscription_id": Decimal(7),
    "status": "active",
    "balance_ufix64": Decimal(98_000_000),
    "charged_ufix64": Decimal(2_000_000),
    "owed_ufix64": Decimal(0),
    "settled_microtokens": Decimal(1_000_000_000),
    "settled_epoch": Decimal(5),
}


@dataclass
class Square:
    """Pushing over fakes; connection c1 watches subscription 7."""

    messages: FakeMessages = field(default_factory=FakeMessages)
    connections: FakeConnections = field(default_factory=FakeConnections)
    usage: FakeMeteredUsage = field(default_factory=FakeMeteredUsage)
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)

    def __post_init__(self) -> None:
        self.connections.watch("c1", 7, NOON)

    def call(self, new: dict[str, Any] | None, old: dict[str, Any] | None = None, event: str = "e1") -> None:
        self._push(StreamChange(event, NOON, "CALL#call-1", "EVENT", old, new))

    def state(self, new: dict[str, Any], old: dict[str, Any] | None = None, event: str = "e1") -> None:
        self._push(StreamChange(event, NOON, "SUB#7", "STATE", old, new))

    def _push(self, change: StreamChange) -> None:
        Push(self.messages, self.connections, self.usage, self.sender, FakeClock()).run(change)

    def received(self, connection: str = "c1") -> list[dict[str, str]]:
        return [json.loads(text) for text in self.sender.sent[connection]]


@pytest.fixture
def square() -> Square:
    return Square()


def test_a_new_usage_event_is_told_with_the_totals(square: Square) -> None:
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


def test_a_usage_event_is_told_again_when_it_is_counted(square: Square) -> None:
    square.call(CALL)
    square.call(CALL | {"status": "counted"}, CALL, event="e2")
    assert [message["status"] for message in square.received()] == ["unconfirmed", "counted"]


def test_a_change_that_is_not_told_makes_no_message(square: Square) -> None:
    square.call(CALL | {"expires_at": Decimal(1)}, CALL)
    square.state(STATE | {"position": "x"}, STATE)
    square.call(None, CALL)
    assert square.received() == []


def test_a_settlement_is_told_and_then_the_balance(square: Square) -> None:
    before = STATE | {"settled_epoch": Decimal(4), "balance_ufix64": Decimal(100_000_000)}
    square.state(STATE, before)
    told = [(message["type"], message["sequence"]) for message in square.received()]
    assert told == [("usage.settled", "1"), ("balance.changed", "2")]
    assert square.received()[0]["epoch"] == "5"
    assert square.received()[1]["balance_ufix64"] == "98000000"


def test_a_new_subscription_is_a_changed_balance(square: Square) -> None:
    square.state(STATE | {"settled_epoch": None})
    assert [message["type"] for message in square.received()] == ["balance.changed"]


def test_a_record_that_is_delivered_twice_is_the_same_message(square: Square) -> None:
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


def test_who_watches_another_subscription_hears_nothing(square: Square) -> None:
    square.connections.watch("c2", 8, NOON)
    square.call(CALL)
    assert square.received("c2") == []


@pytest.mark.parametrize(("pk", "sk"), [("EPOCH#1", "SUB#7"), ("SUB#7", "LIVE"), ("SUB#7", "ENTRY#1")])
def test_other_items_are_passed_over(square: Square, pk: str, sk: str) -> None:
    Push(square.messages, square.connections, square.usage, square.sender, FakeClock()).run(
        StreamChange("e1", NOON, pk, sk, None, {"anything": 1})
    )
    assert square.received() == []
