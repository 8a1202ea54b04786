"""Opening a WebSocket, watching, and going away."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from flareflow.entrypoints.websocket import Routes, WebSocketEvent
from flareflow.realtime.connections import RESUMED_MAX, WATCHED_MAX, WATCHERS_MAX, Connect, Watch
from flareflow.realtime.models import MessageType, Notification
from flareflow.realtime.tickets import TICKET_LIFETIME, GiveTicket
from tests.fakes.accounts import ALICE, BOB, FakeClock, FakeLedger, FakeTokens
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages, FakeTickets

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Hall:
    """The WebSocket API over fakes; Alice owns subscription 7, Bob 8."""

    clock: FakeClock = field(default_factory=FakeClock)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    tickets: FakeTickets = field(default_factory=FakeTickets)
    connections: FakeConnections = field(default_factory=FakeConnections)
    messages: FakeMessages = field(default_factory=FakeMessages)
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)
    ledger: FakeLedger = field(default_factory=FakeLedger)

    def __post_init__(self) -> None:
        self.ledger.open(7, ALICE, 0)
        self.ledger.open(8, BOB, 0)
        connect = Connect(self.tickets, self.connections, self.clock)
        watch = Watch(self.connections, self.ledger, self.messages, self.sender, self.clock)
        self.routes = Routes(connect.run, watch.run, self.connections.remove, self.sender.send)

    def ticket(self, address: str = ALICE) -> str:
        return GiveTicket(self.tickets, self.tokens, self.clock).run(address).ticket

    def connect(self, connection: str, ticket: str | None) -> HTTPStatus:
        query = {"ticket": ticket} if ticket is not None else None
        return self.step("$connect", connection, query=query)

    def watch(self, connection: str = "c1", **body: object) -> HTTPStatus:
        return self.step("watch", connection, body=json.dumps({"action": "watch", **body}))

    def step(
        self, route: str, connection: str, *, query: dict[str, str] | None = None, body: str | None = None
    ) -> HTTPStatus:
        context = {"routeKey": route, "connectionId": connection}
        event = {"requestContext": context, "queryStringParameters": query, "body": body}
        return self.routes.run(WebSocketEvent.model_validate(event))

    def received(self, connection: str = "c1") -> list[dict[str, object]]:
        return [json.loads(text) for text in self.sender.sent[connection]]

    def happened(self, times: int) -> None:
        for number in range(times):
            notification = Notification(MessageType.USAGE_PENDING, 7, NOON, {"tokens": str(number)})
            self.messages.publish(f"event-{number}", notification, NOON)


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def inside(hall: Hall) -> Hall:
    assert hall.connect("c1", hall.ticket()) is HTTPStatus.OK
    return hall


def test_a_ticket_opens_a_connection_of_its_account(inside: Hall) -> None:
    assert inside.connections.address("c1") == ALICE


def test_a_ticket_opens_one_connection(hall: Hall) -> None:
    ticket = hall.ticket()
    assert [hall.connect("c1", ticket), hall.connect("c2", ticket)] == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]


def test_a_ticket_expires(hall: Hall) -> None:
    ticket = hall.ticket()
    hall.clock.advance(TICKET_LIFETIME)
    assert hall.connect("c1", ticket) is HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("ticket", [None, "", "00" * 32])
def test_a_connect_without_a_known_ticket_is_refused(hall: Hall, ticket: str | None) -> None:
    assert hall.connect("c1", ticket) is HTTPStatus.UNAUTHORIZED
    assert hall.connections.addresses == {}


def test_only_the_hash_of_a_ticket_is_stored(hall: Hall) -> None:
    assert hall.ticket() not in hall.tickets.tickets


def test_the_first_answer_to_watch_has_the_last_sequence_number(inside: Hall) -> None:
    inside.happened(3)
    inside.watch(subscription_id=7)
    assert inside.received() == [{"type": "watching", "subscription_id": "7", "sequence": "3"}]
    assert inside.connections.watching(7) == ["c1"]


def test_resuming_sends_what_was_missed_in_order(inside: Hall) -> None:
    inside.happened(4)
    inside.watch(subscription_id=7, after=2)
    assert [message["sequence"] for message in inside.received()[1:]] == ["3", "4"]


def test_resuming_sends_a_limited_number_of_messages(inside: Hall) -> None:
    inside.happened(RESUMED_MAX + 5)
    inside.watch(subscription_id=7, after=0)
    assert len(inside.received()) == 1 + RESUMED_MAX


@pytest.mark.parametrize("subscription_id", [8, 404])
def test_a_subscription_of_somebody_else_looks_like_one_that_does_not_exist(inside: Hall, subscription_id: int) -> None:
    inside.watch(subscription_id=subscription_id, after=0)
    [answer] = inside.received()
    assert (answer["type"], answer["code"]) == ("error", "subscription_not_found")
    assert inside.connections.watches == set()


def test_an_unknown_connection_cannot_watch(hall: Hall) -> None:
    hall.watch("stranger", subscription_id=7)
    assert [answer["code"] for answer in hall.received("stranger")] == ["unknown_connection"]


def test_a_connection_watches_a_limited_number_of_subscriptions(inside: Hall) -> None:
    for number in range(100, 100 + WATCHED_MAX):
        inside.ledger.open(number, ALICE, 0)
        inside.watch(subscription_id=number)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_watched"


def test_a_subscription_is_watched_by_a_limited_number_of_connections(inside: Hall) -> None:
    for number in range(WATCHERS_MAX):
        inside.connections.watch(f"other-{number}", 7, NOON)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_watchers"


@pytest.mark.parametrize(
    "body",
    ["", "nonsense", "{}", '{"action":"watch","subscription_id":-1}', '{"action":"watch","subscription_id":7,"x":1}'],
)
def test_a_malformed_request_is_answered_by_an_error(inside: Hall, body: str) -> None:
    inside.step("watch", "c1", body=body)
    assert [answer["code"] for answer in inside.received()] == ["invalid_request"]


def test_an_unknown_action_is_answered_by_an_error(inside: Hall) -> None:
    inside.step("$default", "c1", body='{"action":"dance"}')
    assert [answer["code"] for answer in inside.received()] == ["unknown_action"]


def test_a_closed_connection_is_forgotten_with_all_that_it_watched(inside: Hall) -> None:
    inside.watch(subscription_id=7)
    inside.step("$disconnect", "c1")
    assert (inside.connections.address("c1"), inside.connections.watching(7)) == (None, [])


@pytest.mark.parametrize(("seconds", "status"), [(29, HTTPStatus.OK), (30, HTTPStatus.UNAUTHORIZED)])
def test_a_ticket_works_for_less_than_30_seconds(hall: Hall, seconds: int, status: HTTPStatus) -> None:
    ticket = hall.ticket()
    hall.clock.advance(timedelta(seconds=seconds))
    assert hall.connect("c1", ticket) is status


def test_a_connection_and_what_it_watches_are_forgotten_after_two_hours(inside: Hall) -> None:
    # Given a connection of 10:00 that watches from 10:01 on
    inside.clock.advance(timedelta(minutes=1))
    inside.watch(subscription_id=7)
    # Then each is stored until two hours later, when API Gateway has closed the connection
    opened = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert inside.connections.expiries == [opened + timedelta(hours=2), opened + timedelta(hours=2, minutes=1)]


def test_a_connection_that_watches_20_subscriptions_may_ask_for_one_of_them_again(inside: Hall) -> None:
    # Given a connection that watches as many as it may
    for number in range(100, 120):
        inside.ledger.open(number, ALICE, 0)
        inside.watch(subscription_id=number)
    # When it asks for one of them again and for another
    inside.watch(subscription_id=100)
    inside.watch(subscription_id=7)
    # Then it gets the one and is refused the other
    assert [answer["type"] for answer in inside.received()[-2:]] == ["watching", "error"]


def test_the_21st_connection_that_wants_to_watch_is_refused(inside: Hall) -> None:
    for number in range(20):
        inside.connections.watch(f"other-{number}", 7, NOON)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_watchers"


def test_a_message_between_watching_and_resuming_is_not_missed(inside: Hall) -> None:
    # Given a message that is published while the connection is greeted
    send = inside.sender.send

    def send_and_publish(connection_id: str, text: str) -> bool:
        if not inside.messages.messages[7]:
            assert inside.connections.watching(7) == ["c1"]
            inside.happened(1)
        return send(connection_id, text)

    inside.sender.send = send_and_publish  # type: ignore[method-assign]
    inside.routes = replace(inside.routes, send=send_and_publish)
    # When it resumes from the beginning
    inside.watch(subscription_id=7, after=0)
    # Then the message is among those that it missed
    assert [answer["sequence"] for answer in inside.received()] == ["0", "1"]


def test_a_ticket_of_a_former_owner_does_not_watch_what_has_moved(hall: Hall) -> None:
    # Given a ticket that Alice was given before her subscription moved to Bob
    ticket = hall.ticket()
    hall.ledger.open(7, BOB, 0)
    # When she connects with it, Then she cannot watch
    hall.connect("c1", ticket)
    hall.watch(subscription_id=7)
    assert hall.received()[-1]["code"] == "subscription_not_found"
    assert hall.connections.watches == set()


def test_a_subscription_that_moves_while_a_watch_begins_is_not_watched(inside: Hall) -> None:
    # Given a move that is stored, and whose watches are ended, just before this watch is stored
    watch = inside.connections.watch

    def watch_too_late(connection_id: str, subscription_id: int, expires_at: datetime) -> None:
        inside.ledger.open(7, BOB, 0)
        watch(connection_id, subscription_id, expires_at)

    inside.connections.watch = watch_too_late  # type: ignore[method-assign]
    # When the watch is stored, Then it is ended at once
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "subscription_not_found"
    assert inside.connections.watches == set()
