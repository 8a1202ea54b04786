"""From a change to a message on every connection that watches."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flareflow.metering.models import LiveTotals, Usage
from flareflow.metering.usage_events import Entry
from flareflow.realtime.changes import CallsCounted, Change, StandingChanged, SubscriptionChanged, UsageChanged
from flareflow.realtime.pushing import Push
from flareflow.settlement.events import Position
from flareflow.settlement.journal import Subscription, SubscriptionStatus
from flareflow.settlement.pricing import Currency, Tariff
from tests.fakes.accounts import FakeClock
from tests.fakes.metering import rating, record, row, waiting
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOTALS = LiveTotals(Usage(rated_microtokens=100_000_000), Usage(rated_microtokens=10_000_000))
USED = UsageChanged("e1", NOON, 7, 3, TOTALS, (waiting(record("call-1", subscription_id=7)),))
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
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)

    def __post_init__(self) -> None:
        self.connections.watch("c1", 7, NOON)

    def use(self) -> None:
        self.push(USED)

    def state(self, after: Subscription, before: Subscription | None = None) -> None:
        self.push(SubscriptionChanged("e1", NOON, before, after))

    def push(self, change: Change) -> None:
        Push(self.messages, self.connections, self.sender, FakeClock()).run(change)

    def received(self, connection: str = "c1") -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.sender.sent[connection]]


@pytest.fixture
def square() -> Square:
    return Square()


def test_changed_totals_are_sent_with_the_calls_that_are_new_and_not_stored(square: Square) -> None:
    square.use()
    assert square.received() == [
        {
            "type": "usage.pending",
            "subscription_id": "7",
            "version": "3",
            "at": "2026-11-24T12:00:00.000000Z",
            "counted_microtokens": "100000000",
            "unconfirmed_microtokens": "10000000",
            "calls": [{"event_id": "call-1", "model": "gpt-4.1-mini", "tokens": "10", "rated_microtokens": "10000000"}],
        }
    ]
    assert square.messages.last_sequence(7) == 0


def test_counted_calls_are_sent_by_the_name_that_the_gate_gave_them_and_not_stored(square: Square) -> None:
    rows = (row("a", call_id="call-1"), row("b", started_at=NOON))
    entries = tuple(Entry.of_row(one, rating(one)) for one in rows)
    square.push(CallsCounted("e1", NOON, 7, entries))
    [message] = square.received()
    assert (message["type"], message["subscription_id"]) == ("usage.counted", "7")
    assert [call["event_id"] for call in message["calls"]] == ["call-1", "b@2026-11-24T12:00:00.000000Z"]
    assert message["calls"][0] == {
        "event_id": "call-1",
        "model": "gpt-4.1-mini",
        "tokens": "10",
        "rated_microtokens": "10000000",
    }
    assert square.messages.last_sequence(7) == 0


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


def test_what_is_owed_is_told_with_its_currency(square: Square) -> None:
    tariff = Tariff(currency=Currency.USD, needs_rate=True)
    square.state(
        replace(STATE, tariff=tariff, settled_epoch=6, owed_ufix64=5, status=SubscriptionStatus.SUSPENDED), STATE
    )
    told = [(message["owed_ufix64"], message["currency"]) for message in square.received()]
    assert told == [("5", "USD"), ("5", "USD")]


def test_a_new_subscription_is_pushed_as_a_changed_balance(square: Square) -> None:
    square.state(replace(STATE, settled_epoch=None))
    assert [message["type"] for message in square.received()] == ["balance.changed"]


def test_a_change_that_is_delivered_twice_is_the_same_message(square: Square) -> None:
    for _ in range(2):
        square.state(replace(STATE, settled_epoch=6), STATE)
    assert [message["sequence"] for message in square.received()] == ["1", "1"]
    assert square.messages.last_sequence(7) == 1


def test_a_connection_that_is_gone_is_forgotten_and_the_others_are_served(square: Square) -> None:
    square.connections.watch("c0", 7, NOON)
    square.sender.gone.add("c0")
    square.use()
    assert square.connections.watching(7) == ["c1"]
    assert len(square.received()) == 1


def test_a_watcher_of_another_subscription_receives_nothing(square: Square) -> None:
    square.connections.watch("c2", 8, NOON)
    square.use()
    assert square.received("c2") == []


def test_a_message_is_stored_before_it_is_sent(square: Square) -> None:
    # Given a connection that notes how many messages are stored when it receives one
    stored: list[int] = []
    send = square.sender.send

    def send_and_note(connection_id: str, text: str) -> bool:
        stored.append(square.messages.last_sequence(7))
        return send(connection_id, text)

    square.sender.send = send_and_note  # type: ignore[method-assign]
    # When a settlement is pushed
    square.state(replace(STATE, settled_epoch=6), STATE)
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


def test_a_move_ends_the_watches_of_everybody_but_the_new_owner_at_once(square: Square) -> None:
    # Given watchers of the old and the new owner, and of one that is gone
    for connection, address in (("c1", "0x01"), ("c2", "0x02")):
        square.connections.add(connection, address, NOON)
        square.connections.watch(connection, 7, NOON)
    square.connections.watch("gone", 7, NOON)
    square.connections.watch("c1", 8, NOON)
    # When the subscription moves, together with a change of its balance
    moved = replace(STATE, owner="0x02", balance_ufix64=97_000_000, deposited_ufix64=99_000_000)
    square.state(moved, STATE)
    # Then the old owner is told so and nothing else, and watches only what is still their own
    assert [message["type"] for message in square.received("c1")] == ["watch.ended"]
    assert [message["type"] for message in square.received("c2")] == ["balance.changed"]
    assert square.connections.watches == {("c2", 7), ("c1", 8)}


def test_a_change_without_a_new_owner_ends_no_watch(square: Square) -> None:
    square.state(replace(STATE, settled_epoch=6), STATE)
    assert square.connections.watches == {("c1", 7)}


def test_a_changed_standing_is_stored_numbered_and_sent(square: Square) -> None:
    square.push(StandingChanged("e1", NOON, 7, "overdrawn", 3))
    [message] = square.received()
    assert (message["type"], message["standing"], message["version"]) == ("standing.changed", "overdrawn", "3")
    assert (message["sequence"], square.messages.last_sequence(7)) == ("1", 1)
