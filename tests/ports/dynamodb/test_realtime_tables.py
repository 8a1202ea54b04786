"""The ports over RealtimeTable, fakes and DynamoDB alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.dynamodb.connections import DynamoConnections, DynamoTickets
from flareflow.adapters.dynamodb.messages import DynamoMessages
from flareflow.errors import RaceLostError
from flareflow.json_format import Json
from flareflow.realtime.models import Audience, Connection, Log, Message, MessageType, Notification, Source
from flareflow.realtime.ports import Connections, Messages, Tickets
from tests.fakes.accounts import ALICE, BOB
from tests.fakes.realtime import FakeConnections, FakeMessages, FakeTickets

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NOW = datetime(2026, 11, 24, 10, 0, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEN = datetime(2026, 11, 24, 10, 10, tzinfo=UTC)
NUMBER = 111_000_000_000_000_000_001_234_567_890_123_456_789


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
    data: dict[str, Json] = {"calls": [{"tokens": str(tokens), "model": "é"}], "totals": None}
    return Notification(MessageType.USAGE_PENDING, subscription_id, NOW, data)


def append(messages: Messages, count: int = 1, subscription_id: int = 7) -> list[int]:
    """Store so many messages one by one; their numbers."""
    numbers = []
    for tokens in range(count):
        log = messages.log(subscription_id)
        [message] = messages.append(log, [notification(subscription_id, tokens)], {}, NOW)
        numbers.append(message.sequence)
    return numbers


def connection(connection_id: str = "c1=", address: str = ALICE, expires_at: datetime = TEN) -> Connection:
    return Connection(connection_id, address, expires_at)


def test_a_ticket_is_consumed_once_by_whoever_holds_it(realtime: Realtime) -> None:
    realtime.tickets.put("t1", ALICE, NOW + MINUTE)
    assert [realtime.tickets.consume("t1", NOW) for _ in range(2)] == [ALICE, None]


def test_a_ticket_that_is_expired_or_unknown_is_not_accepted(realtime: Realtime) -> None:
    realtime.tickets.put("t1", ALICE, NOW + MINUTE)
    assert realtime.tickets.consume("t1", NOW + MINUTE) is None
    assert realtime.tickets.consume("t2", NOW) is None


def test_a_connection_is_known_from_all_sides_until_it_is_removed(realtime: Realtime) -> None:
    # Given two connections that watch
    alices, bobs = connection(), connection("c2=", BOB)
    for one in (alices, bobs):
        realtime.connections.add(one)
    for one, subscription_id in [(alices, 7), (alices, 8), (alices, 7), (bobs, 7)]:
        realtime.connections.watch(one, subscription_id)
    assert realtime.connections.find("c1=") == alices
    assert list(realtime.connections.opened_by(ALICE, NOW)) == ["c1="]
    assert sorted(realtime.connections.watched_by("c1=")) == [7, 8]
    assert realtime.connections.audience(7, NOW) == Audience(["c1=", "c2="], is_recorded=True, watched_most=2)
    # When one is removed, as often as one likes
    for _ in range(2):
        realtime.connections.remove("c1=", NOW, NOW + MINUTE)
    # Then nothing is left of it, and all of the other
    assert realtime.connections.find("c1=") is None
    assert list(realtime.connections.opened_by(ALICE, NOW)) == []
    assert list(realtime.connections.watched_by("c1=")) == []
    assert list(realtime.connections.audience(7, NOW).watchers) == ["c2="]
    assert list(realtime.connections.opened_by(BOB, NOW)) == ["c2="]


def test_an_ended_watch_leaves_the_connection_and_its_other_watches(realtime: Realtime) -> None:
    realtime.connections.add(connection())
    for subscription_id in (7, 8):
        realtime.connections.watch(connection(), subscription_id)
    for _ in range(2):
        realtime.connections.unwatch("c1=", 7)
    assert realtime.connections.audience(7, NOW) == Audience([], is_recorded=False)
    assert list(realtime.connections.watched_by("c1=")) == [8]


def test_an_audience_knows_how_many_subscriptions_its_busiest_watcher_watches(realtime: Realtime) -> None:
    # Given a connection that watches three subscriptions, and one that watches one of them
    busy, other = Connection("c1=", ALICE, TEN), Connection("c2=", ALICE, TEN)
    for number in (7, 8, 9):
        realtime.connections.watch(busy, number)
    realtime.connections.watch(other, 9)
    # Then all three are told so
    assert [realtime.connections.audience(number, NOW).watched_most for number in (7, 8, 9)] == [3, 3, 3]
    # When it watches one of them again, nothing changes; when one watch ends, two are left
    realtime.connections.watch(busy, 8)
    realtime.connections.unwatch("c1=", 9)
    assert [realtime.connections.audience(number, NOW).watched_most for number in (7, 8, 9)] == [2, 2, 1]


def test_what_has_expired_does_not_count(realtime: Realtime) -> None:
    # Given a connection until 10:10 that watches
    realtime.connections.add(connection())
    realtime.connections.watch(connection(), 7)
    # Then it counts just before, and no longer then
    before = TEN - timedelta(milliseconds=1)
    assert list(realtime.connections.opened_by(ALICE, before)) == ["c1="]
    assert realtime.connections.audience(7, before) == Audience(["c1="], is_recorded=True)
    assert list(realtime.connections.opened_by(ALICE, TEN)) == []
    assert realtime.connections.audience(7, TEN) == Audience([], is_recorded=False)


def test_watched_subscriptions_are_listed_in_order_once_each(realtime: Realtime) -> None:
    late = connection("late=", expires_at=TEN + timedelta(hours=1))
    for one, subscription_id in ((late, 10), (connection(), 9), (connection(), 10), (late, 2**64 - 1)):
        realtime.connections.watch(one, subscription_id)
    assert list(realtime.connections.watched(NOW)) == [9, 10, 2**64 - 1]
    # A watch of a connection that ends sooner does not end the listing for one that ends later
    assert 10 in realtime.connections.watched(TEN)
    assert list(realtime.connections.watched(TEN + timedelta(hours=4))) == []


def test_messages_are_stored_for_a_while_after_a_watcher_was_removed(realtime: Realtime) -> None:
    realtime.connections.watch(connection(), 7)
    realtime.connections.remove("c1=", NOW, TEN + MINUTE)
    assert realtime.connections.audience(7, TEN) == Audience([], is_recorded=True)
    assert realtime.connections.audience(7, TEN + MINUTE) == Audience([], is_recorded=False)


def test_removing_a_watcher_that_had_expired_stores_nothing_more(realtime: Realtime) -> None:
    realtime.connections.watch(connection(), 7)
    realtime.connections.remove("c1=", TEN, TEN + MINUTE)
    assert realtime.connections.audience(7, TEN) == Audience([], is_recorded=False)


def test_messages_are_numbered_from_one_for_each_subscription(realtime: Realtime) -> None:
    assert realtime.messages.log(7) == Log()
    first = realtime.messages.append(Log(), [notification(tokens=1), notification(tokens=2)], {}, NOW)
    assert first == [Message(notification(tokens=1), 1), Message(notification(tokens=2), 2)]
    assert append(realtime.messages) == [3]
    assert append(realtime.messages, subscription_id=8) == [1]
    assert realtime.messages.log(7).sequence == 3


def test_a_log_remembers_what_became_messages_of_each_source_and_when(realtime: Realtime) -> None:
    realtime.messages.append(Log(), [notification()], {Source.LIVE_TOTALS: NUMBER, Source.PACKS: 5}, NOW)
    log = realtime.messages.log(7)
    realtime.messages.append(log, [notification()], {Source.STANDING: 6, Source.PACKS: NUMBER + 1}, NOW + MINUTE)
    assert realtime.messages.log(7) == Log(
        sequence=2,
        through={Source.LIVE_TOTALS: NUMBER, Source.PACKS: NUMBER + 1, Source.STANDING: 6},
        written_at=NOW + MINUTE,
    )


@pytest.mark.parametrize("other", [append, lambda messages: messages.begin(7)])
def test_messages_are_not_stored_after_a_log_that_has_changed(
    realtime: Realtime, other: Callable[[Messages], object]
) -> None:
    # Given two logs that were read before something else was stored: of none, and of one message
    for count in (0, 1):
        append(realtime.messages, count)
        log = realtime.messages.log(7)
        other(realtime.messages)
        last = realtime.messages.log(7)
        # When messages are stored after them, Then none is
        with pytest.raises(RaceLostError):
            realtime.messages.append(log, [notification(), notification()], {Source.PACKS: 9}, NOW)
        assert realtime.messages.log(7) == last


def test_a_log_that_begins_anew_takes_a_number_and_keeps_the_rest(realtime: Realtime) -> None:
    # Given a new log, and one with messages
    realtime.messages.begin(8)
    realtime.messages.append(Log(), [notification(), notification()], {Source.PACKS: 4}, NOW)
    # When the latter begins anew
    realtime.messages.begin(7)
    # Then nothing is complete from before the number
    assert realtime.messages.log(8) == Log(1, 1)
    assert realtime.messages.log(7) == Log(3, 3, {Source.PACKS: 4}, NOW)
    assert append(realtime.messages) == [4]
    assert [message.sequence for message in realtime.messages.after(7, 1, 10)] == [2, 4]


def test_messages_are_read_after_a_number_in_order(realtime: Realtime) -> None:
    append(realtime.messages, 12)
    assert [message.sequence for message in realtime.messages.after(7, 8, 100)] == [9, 10, 11, 12]
    assert [message.sequence for message in realtime.messages.after(7, 0, 3)] == [1, 2, 3]
    assert realtime.messages.after(7, 11, 1) == [Message(notification(tokens=11), 12)]
    assert list(realtime.messages.after(7, 12, 100)) == []
    assert list(realtime.messages.after(7, 2**64 - 1, 100)) == []
    assert list(realtime.messages.after(8, 0, 100)) == []


@pytest.mark.stack
def test_concurrent_messages_have_consecutive_numbers(table: "Table") -> None:
    # Given several invocations that store messages of one subscription
    messages = DynamoMessages(table)

    def store(number: int) -> int:
        while True:
            try:
                return messages.append(messages.log(7), [notification(tokens=number)], {}, NOW)[0].sequence
            except RaceLostError:
                continue  # as the stream would

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(store, range(20)))
    # Then the numbers are 1 to 20
    assert sorted(numbers) == list(range(1, 21))
    assert [message.sequence for message in messages.after(7, 0, 100)] == list(range(1, 21))
