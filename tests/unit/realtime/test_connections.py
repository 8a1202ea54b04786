"""Opening a WebSocket and going away."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from flareflow.entrypoints.limits import CONNECT, LIMITS
from flareflow.limits import WINDOW
from flareflow.realtime.connections import CloseConnections
from flareflow.realtime.tickets import TICKET_LIFETIME
from tests.fakes.accounts import ALICE, BOB
from tests.unit.realtime.hall import Hall


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_a_ticket_opens_a_connection_of_its_account(hall: Hall) -> None:
    assert hall.connect("c1", hall.ticket()) is HTTPStatus.OK
    assert hall.connections.connections["c1"].address == ALICE


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
    assert hall.connections.connections == {}


def test_only_the_hash_of_a_ticket_is_stored(hall: Hall) -> None:
    assert hall.ticket() not in hall.tickets.tickets


@pytest.mark.parametrize(("seconds", "status"), [(29, HTTPStatus.OK), (30, HTTPStatus.UNAUTHORIZED)])
def test_a_ticket_works_for_less_than_30_seconds(hall: Hall, seconds: int, status: HTTPStatus) -> None:
    ticket = hall.ticket()
    hall.clock.advance(timedelta(seconds=seconds))
    assert hall.connect("c1", ticket) is status


def test_a_source_address_opens_so_many_connections_in_a_minute(hall: Hall) -> None:
    # Given a source that has tried as often as it may, with no ticket at all
    most = LIMITS[CONNECT].most
    assert {hall.connect(f"c{number}", None) for number in range(most)} == {HTTPStatus.UNAUTHORIZED}
    # When it comes with a ticket, Then it waits for the next minute, in which the ticket is still good
    ticket = hall.ticket()
    late = hall.answer_to_connect("late", ticket)
    assert late.status is HTTPStatus.TOO_MANY_REQUESTS
    assert 0 < int(late.headers["Retry-After"]) <= 60
    hall.clock.advance(WINDOW - TICKET_LIFETIME)
    ticket = hall.ticket()
    hall.clock.advance(TICKET_LIFETIME - timedelta(seconds=1))
    assert hall.connect("c", ticket) is HTTPStatus.TOO_MANY_REQUESTS
    hall.clock.advance(timedelta(seconds=1))
    assert hall.connect("c", hall.ticket()) is HTTPStatus.OK


def test_a_refused_connection_is_logged_without_its_ticket(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    # Given a ticket that was used
    ticket = hall.ticket()
    hall.connect("c1", ticket)
    # When it comes again
    hall.connect("c2", ticket)
    # Then the log says why it was refused and from where it came
    [line] = [vars(record) for record in caplog.records if record.message == "connection refused"]
    assert (line["status"], line["code"], line["source_ip"]) == (401, "unknown_ticket", "192.0.2.1")
    assert ticket not in str(line)


def test_all_connections_of_an_account_are_closed_at_once(hall: Hall) -> None:
    # Given connections of two accounts
    for connection, address in (("a1", ALICE), ("a2", ALICE), ("b1", BOB)):
        hall.connect(connection, hall.ticket(address))
    # When Alice's are closed
    CloseConnections(hall.connections, hall.sender, hall.clock).run(ALICE)
    # Then Bob's is open
    assert hall.sender.gone == {"a1", "a2"}


def test_a_connection_and_what_it_watches_count_for_two_hours(hall: Hall) -> None:
    # Given a connection of 10:00 that watches from 10:01 on
    hall.connect("c1", hall.ticket())
    hall.clock.advance(timedelta(minutes=1))
    hall.watch(subscription_id=7)
    # Then both end at 12:00, when API Gateway closes the connection
    noon = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert hall.connections.connections["c1"].expires_at == noon
    assert hall.connections.watches == {("c1", 7): noon}


def test_a_closed_connection_is_forgotten_with_all_that_it_watched(hall: Hall) -> None:
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.step("$disconnect", "c1")
    assert (hall.connections.connections, hall.connections.watches) == ({}, {})


def test_messages_are_stored_for_five_minutes_after_the_last_watcher_has_gone(hall: Hall) -> None:
    # Given a watcher who leaves
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.step("$disconnect", "c1")
    # Then messages are stored for five minutes, with nobody to send them to
    audience = hall.connections.audience(7, hall.clock())
    assert (audience.watchers, audience.is_recorded) == ([], True)
    hall.clock.advance(timedelta(minutes=5))
    assert not hall.connections.audience(7, hall.clock()).is_recorded


def test_a_sixth_connection_of_an_account_is_refused_and_leaves_nothing(hall: Hall) -> None:
    # Given five connections of Alice and one of Bob
    assert hall.connect("bob", hall.ticket(BOB)) is HTTPStatus.OK
    assert {hall.connect(f"c{number}", hall.ticket()) for number in range(5)} == {HTTPStatus.OK}
    # When Alice opens another
    refused = hall.answer_to_connect("c5", hall.ticket())
    # Then it is refused, and told when to come back
    assert (refused.status, refused.headers) == (HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "60"})
    assert len(hall.connections.connections) == 6


@pytest.mark.parametrize("gone", ["closed without a word", "open for two hours"])
def test_connections_that_are_gone_do_not_count(hall: Hall, gone: str) -> None:
    # Given five connections, of which some have gone and nobody has said so
    for number in range(5):
        hall.connect(f"c{number}", hall.ticket())
    if gone == "closed without a word":
        hall.sender.gone |= {"c0", "c3"}
    else:
        hall.clock.advance(timedelta(hours=2))
    # When another opens, Then there is room for it
    assert hall.connect("new", hall.ticket()) is HTTPStatus.OK
    if gone == "closed without a word":
        assert sorted(hall.connections.connections) == ["c1", "c2", "c4", "new"]
