"""The ports over RealtimeTable, fakes and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.realtime import DynamoConnections, DynamoMessages, DynamoTickets
from flareflow.errors import RaceLostError
from flareflow.realtime.models import Message, MessageType, Notification
from flareflow.realtime.ports import Connections, Messages, Tickets
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.realtime import FakeConnections, FakeMessages, FakeTickets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW = datetime(2026, 11, 24, 10, 0, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Realtime:
    """All ports over one store."""

    tickets: Tickets
    connections: Connections
    messages: Messages


@pytest.fixture(params=["fake", pytest.param("dynamodb", marks=pytest.mark.stack)])
def realtime(request: pytest.FixtureRequest) -> Realtime:
    if request.param == "fake":
        return Realtime(FakeTickets(), FakeConnections(), FakeMessages())
    table: Table = request.getfixturevalue("table")
    return Realtime(DynamoTickets(table), DynamoConnections(table), DynamoMessages(table))


def notification(subscription_id: int = 7, tokens: int = 1) -> Notification:
    return Notification(MessageType.USAGE_PENDING, subscription_id, NOW, {"tokens": str(tokens)})


def test_a_ticket_is_consumed_once_by_whoever_holds_it(realtime: Realtime) -> None:
    realtime.tickets.put("t1", ALICE, NOW + MINUTE)
    assert [realtime.tickets.consume("t1", NOW) for _ in range(2)] == [ALICE, None]


def test_a_ticket_that_is_expired_or_unknown_is_not_accepted(realtime: Realtime) -> None:
    realtime.tickets.put("t1", ALICE, NOW + MINUTE)
    assert realtime.tickets.consume("t1", NOW + MINUTE) is None
    assert realtime.tickets.consume("t2", NOW) is None


def test_a_connection_is_known_from_both_sides_until_it_is_removed(realtime: Realtime) -> None:
    # Given two connections that watch
    for connection_id, address in [("c1=", ALICE), ("c2=", BOB)]:
        realtime.connections.add(connection_id, address, NOW + MINUTE)
    for connection_id, subscription_id in [("c1=", 7), ("c1=", 8), ("c1=", 7), ("c2=", 7)]:
        realtime.connections.watch(connection_id, subscription_id, NOW + MINUTE)
    assert realtime.connections.address("c1=") == ALICE
    assert sorted(realtime.connections.watched_by("c1=")) == [7, 8]
    assert sorted(realtime.connections.watching(7)) == ["c1=", "c2="]
    # When one is removed, as often as one likes
    for _ in range(2):
        realtime.connections.remove("c1=")
    # Then nothing is left of it, and all of the other
    assert realtime.connections.address("c1=") is None
    assert list(realtime.connections.watched_by("c1=")) == []
    assert list(realtime.connections.watching(7)) == ["c2="]


def test_messages_are_numbered_from_one_for_each_subscription(realtime: Realtime) -> None:
    assert realtime.messages.last_sequence(7) == 0
    published = [realtime.messages.publish(f"e{number}", notification(tokens=number), NOW) for number in range(3)]
    assert published == [Message(notification(tokens=number), number + 1) for number in range(3)]
    assert realtime.messages.publish("other", notification(8), NOW).sequence == 1
    assert realtime.messages.last_sequence(7) == 3


def test_a_change_that_is_delivered_twice_becomes_one_message(realtime: Realtime) -> None:
    first = realtime.messages.publish("e1", notification(tokens=1), NOW)
    realtime.messages.publish("e2", notification(tokens=2), NOW)
    assert realtime.messages.publish("e1", notification(tokens=99), NOW) == first
    assert realtime.messages.last_sequence(7) == 2


def test_messages_are_read_after_a_number_in_order(realtime: Realtime) -> None:
    for number in range(12):
        realtime.messages.publish(f"e{number}", notification(tokens=number), NOW)
    assert [message.sequence for message in realtime.messages.after(7, 8, 100)] == [9, 10, 11, 12]
    assert [message.sequence for message in realtime.messages.after(7, 0, 3)] == [1, 2, 3]
    assert list(realtime.messages.after(7, 12, 100)) == []
    assert list(realtime.messages.after(7, 2**64 - 1, 100)) == []
    assert list(realtime.messages.after(8, 0, 100)) == []


@pytest.mark.stack
def test_concurrent_messages_have_consecutive_numbers(table: "Table") -> None:
    # Given several invocations that publish for one subscription
    messages = DynamoMessages(table)

    def publish(number: int) -> int:
        while True:
            try:
                return messages.publish(f"e{number}", notification(tokens=number), NOW).sequence
            except RaceLostError:
                continue  # as the stream would

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(publish, range(20)))
    # Then the numbers are 1 to 20
    assert sorted(numbers) == list(range(1, 21))
    assert [message.sequence for message in messages.after(7, 0, 100)] == list(range(1, 21))


@pytest.mark.stack
def test_a_message_that_lost_the_race_for_its_number_takes_the_next_one(
    table: "Table", monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given an invocation that publishes just after this one has read the last number
    messages = DynamoMessages(table)
    overtaken: list[bool] = []
    read = DynamoMessages.last_sequence

    def read_and_be_overtaken(self: DynamoMessages, subscription_id: int) -> int:
        last = read(self, subscription_id)
        if not overtaken:
            overtaken.append(True)
            messages.publish("first", notification(tokens=1), NOW)
        return last

    monkeypatch.setattr(DynamoMessages, "last_sequence", read_and_be_overtaken)
    # When a message is published
    second = messages.publish("second", notification(tokens=2), NOW)
    # Then it has the number after the other's, and both are there
    assert second.sequence == 2
    assert [message.notification.payload["tokens"] for message in messages.after(7, 0, 10)] == ["1", "2"]
