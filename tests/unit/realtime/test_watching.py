"""Watching a subscription: from a snapshot, or from the last message that was seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest

from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX
from flareflow.entrypoints.limits import LIMITS, WATCH
from flareflow.limits import WINDOW
from flareflow.realtime.models import Connection, Message, SuspendedBy
from flareflow.realtime.payloads import KeySuspended, Snapshot
from flareflow.realtime.watching import RESUMED_MAX, WATCHED_MAX, WATCHERS_MAX
from tests.fakes.accounts import ALICE, BOB
from tests.unit.realtime.hall import LATER, Hall


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def inside(hall: Hall) -> Hall:
    """Connection c1 is Alice's, and her subscription is watched, so that its messages are stored."""
    assert hall.connect("c1", hall.ticket()) is HTTPStatus.OK
    hall.others_watch(1)
    return hall


def test_watching_begins_with_a_snapshot_of_the_subscription(inside: Hall) -> None:
    # Given three stored messages
    inside.happened(3)
    # When a client begins to watch
    inside.watch(subscription_id=7)
    # Then it gets the state as of the last number
    charged = {"charged_ufix64": "10", "owed_ufix64": "0", "currency": "token"}
    balance = {"status": "active", "balance_ufix64": "90"}
    assert inside.received() == [
        {
            "type": "snapshot",
            "subscription_id": "7",
            "sequence": "3",
            "at": "2026-11-24T10:00:00.000000Z",
            "data": {
                "totals": {"version": "3", "counted_microtokens": "20", "unconfirmed_microtokens": "10"},
                "balance": balance | charged,
                "standing": {"standing": "active", "version": "1"},
                "sealed": {"epoch": "9", "sealed_microtokens": "20", "statement_hash": "0x" + "00" * 32},
                "attested": {"epoch": "8", "attested_microtokens": "15", "voting_round": "1234"},
                "settled": charged | {"epoch": "7", "settled_microtokens": "10"},
                "suspended": [{"key_hash": "ab" * 32, "alias": "laptop", "reason": "administrator"}],
            },
        }
    ]
    assert inside.connections.audience(7, inside.clock()).watchers == ["c1", "other-0"]


def test_a_source_address_begins_so_many_watches_in_a_minute(inside: Hall) -> None:
    # Given a client that has asked as often as it may, for what it does not own
    for _ in range(LIMITS[WATCH].most):
        inside.watch(subscription_id=8)
    assert {message["code"] for message in inside.received()} == {"subscription_not_found"}
    # When it asks once more, Then it is told to wait, and nothing is read; a minute later it is answered
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_requests"
    inside.clock.advance(WINDOW)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["type"] == "snapshot"


def test_resuming_sends_what_was_missed_in_order(inside: Hall) -> None:
    inside.happened(4)
    inside.watch(subscription_id=7, after=2)
    told = [(message["type"], message["sequence"]) for message in inside.received()]
    assert told == [("watching", "4"), ("balance.changed", "3"), ("balance.changed", "4")]


def test_a_client_that_missed_nothing_is_told_so(inside: Hall) -> None:
    inside.happened(4)
    inside.watch(subscription_id=7, after=4)
    assert inside.received() == [{"type": "watching", "subscription_id": "7", "sequence": "4"}]


def test_up_to_a_hundred_messages_are_sent_again(inside: Hall) -> None:
    inside.happened(RESUMED_MAX + 1)
    inside.watch(subscription_id=7, after=1)
    assert [message["type"] for message in inside.received()] == ["watching", *["balance.changed"] * 100]


def test_the_longest_snapshot_fits_into_one_frame(inside: Hall) -> None:
    # Given as many suspended keys as there may be, with the longest names that there may be
    suspended = [KeySuspended("ab" * 32, "\U0001f511" * 100, SuspendedBy.ADMINISTRATOR)] * KEYS_PER_SUBSCRIPTION_MAX
    inside.snapshots.states[7] = replace(inside.snapshots.states[7], suspended=tuple(suspended))
    # When a client begins to watch, Then it gets one frame, which is not too long
    inside.watch(subscription_id=7)
    assert len(inside.received()[0]["data"]["suspended"]) == KEYS_PER_SUBSCRIPTION_MAX
    assert len(inside.sender.sent["c1"]) == 1


@pytest.mark.parametrize("after", [0, 102, 2**64 - 1], ids=["too many since", "not yet taken", "the highest number"])
def test_a_number_from_which_not_all_can_be_sent_is_answered_by_a_snapshot(inside: Hall, after: int) -> None:
    inside.happened(RESUMED_MAX + 1)
    inside.watch(subscription_id=7, after=after)
    assert [(message["type"], message["sequence"]) for message in inside.received()] == [("snapshot", "101")]


def test_messages_that_were_deleted_meanwhile_are_answered_by_a_snapshot(inside: Hall) -> None:
    # Given four messages, of which the oldest are a day old and deleted
    inside.happened(4)
    del inside.messages.messages[7][:2]
    # When a client resumes from before them, Then it gets the whole state
    inside.watch(subscription_id=7, after=1)
    assert [message["type"] for message in inside.received()] == ["snapshot"]


def test_nobody_resumes_from_before_a_time_in_which_nobody_watched(hall: Hall) -> None:
    # Given a client that has seen message 2, and five minutes in which nobody watched
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.happened(1)
    hall.step("$disconnect", "c1")
    hall.clock.advance(timedelta(minutes=5))
    # When it comes back
    hall.connect("c2", hall.ticket())
    hall.watch("c2", subscription_id=7, after=2)
    # Then what happened meanwhile was not stored, and it gets a snapshot with a new number
    assert [(message["type"], message["sequence"]) for message in hall.received("c2")] == [("snapshot", "3")]


def test_a_message_that_comes_meanwhile_does_not_hide_a_time_in_which_nobody_watched(inside: Hall) -> None:
    # Given a client that has seen message 2, a time in which nothing was stored, and a message while it resumes
    inside.happened(2)
    inside.messages.begin(7)
    read = inside.messages.after

    def happen_and_read(subscription_id: int, sequence: int, limit: int) -> Sequence[Message]:
        inside.happened(1)
        return read(subscription_id, sequence, limit)

    inside.messages.after = happen_and_read  # type: ignore[method-assign]
    # When it resumes, Then it gets a snapshot
    inside.watch(subscription_id=7, after=2)
    assert [(message["type"], message["sequence"]) for message in inside.received()] == [("snapshot", "3")]


def test_a_client_that_comes_back_soon_resumes(hall: Hall) -> None:
    # Given a client that has seen message 1 when its connection breaks
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.step("$disconnect", "c1")
    # When something happens before it comes back
    hall.happened(1)
    hall.clock.advance(timedelta(minutes=4))
    hall.connect("c2", hall.ticket())
    hall.watch("c2", subscription_id=7, after=1)
    # Then it gets just that
    assert [message["type"] for message in hall.received("c2")] == ["watching", "balance.changed"]


def test_the_last_seconds_of_a_watch_do_not_count_for_resuming(hall: Hall) -> None:
    # Given messages that are stored for nine seconds more, by this clock
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.step("$disconnect", "c1")
    hall.clock.advance(timedelta(minutes=4, seconds=51))
    # When the client comes back, Then another clock may have ended it already
    hall.connect("c2", hall.ticket())
    hall.watch("c2", subscription_id=7, after=1)
    assert [message["type"] for message in hall.received("c2")] == ["snapshot"]


@pytest.mark.parametrize("subscription_id", [8, 404])
def test_a_subscription_of_somebody_else_looks_like_one_that_does_not_exist(inside: Hall, subscription_id: int) -> None:
    inside.watch(subscription_id=subscription_id, after=0)
    [answer] = inside.received()
    assert (answer["type"], answer["code"]) == ("error", "subscription_not_found")
    assert inside.connections.watched_by("c1") == []


@pytest.mark.parametrize("body", ['{"action":"watch","subscription_id":7}', '{"action":"ping"}'])
def test_an_unknown_connection_is_told_to_connect_again(hall: Hall, body: str) -> None:
    hall.step("watch" if "watch" in body else "ping", "stranger", body=body)
    assert [answer["code"] for answer in hall.received("stranger")] == ["unknown_connection"]


def test_a_connection_watches_a_limited_number_of_subscriptions(inside: Hall) -> None:
    for number in range(100, 100 + WATCHED_MAX):
        inside.opens(number, ALICE)
        inside.watch(subscription_id=number)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_watched"


def test_a_connection_that_watches_20_subscriptions_may_ask_for_one_of_them_again(inside: Hall) -> None:
    # Given a connection that watches as many as it may
    for number in range(100, 120):
        inside.opens(number, ALICE)
        inside.watch(subscription_id=number)
    # When it asks for one of them again and for another
    inside.watch(subscription_id=100)
    inside.watch(subscription_id=7)
    # Then it gets the one and is refused the other
    assert [answer["type"] for answer in inside.received()[-2:]] == ["snapshot", "error"]


def test_the_21st_connection_that_wants_to_watch_is_refused(inside: Hall) -> None:
    inside.others_watch(20)
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "too_many_watchers"
    assert len(inside.connections.audience(7, inside.clock()).watchers) == WATCHERS_MAX


def test_watchers_that_are_gone_do_not_count(inside: Hall) -> None:
    # Given as many watchers as there may be, one of which has gone without a word, and one that has expired
    inside.others_watch(20)
    inside.sender.gone.add("other-5")
    inside.connections.watch(Connection("expired", ALICE, inside.clock()), 7)
    # When another wants to watch, Then it may
    inside.watch(subscription_id=7)
    assert [message["type"] for message in inside.received()] == ["snapshot"]
    assert "other-5" not in inside.connections.audience(7, inside.clock()).watchers


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


def test_a_ping_is_answered_with_the_last_number_of_what_is_watched(inside: Hall) -> None:
    # Given a client that watches, and a message that did not reach it
    inside.watch(subscription_id=7)
    inside.happened(1)
    # When it pings, Then it learns the number
    inside.step("ping", "c1")
    pong = {"type": "pong", "watched": [{"subscription_id": "7", "sequence": "1"}]}
    assert inside.received()[-1] == pong


def test_a_message_between_watching_and_resuming_is_not_missed(inside: Hall) -> None:
    # Given a message that is stored just after the watch
    watch = inside.connections.watch

    def watch_then_happen(connection: Connection, subscription_id: int) -> None:
        watch(connection, subscription_id)
        inside.happened(1)

    inside.connections.watch = watch_then_happen  # type: ignore[method-assign]
    # When a client resumes from the beginning
    inside.watch(subscription_id=7, after=0)
    # Then the message is among those that it missed
    assert [answer["sequence"] for answer in inside.received()] == ["1", "1"]


def test_a_snapshot_has_all_that_its_number_says(inside: Hall) -> None:
    # Given a message that is stored while the state is read
    read = inside.snapshots.of

    def happen_and_read(subscription_id: int) -> Snapshot:
        inside.happened(1)
        return read(subscription_id)

    inside.snapshots.of = happen_and_read  # type: ignore[method-assign]
    # When a client begins to watch, Then the snapshot has the number before it, and the message comes again
    inside.watch(subscription_id=7)
    assert [message["sequence"] for message in inside.received()] == ["0"]


def test_a_ticket_of_a_former_owner_does_not_watch_what_has_moved(hall: Hall) -> None:
    # Given a ticket that Alice was given before her subscription moved to Bob
    ticket = hall.ticket()
    hall.opens(7, BOB)
    # When she connects with it, Then she cannot watch
    hall.connect("c1", ticket)
    hall.watch(subscription_id=7)
    assert hall.received()[-1]["code"] == "subscription_not_found"
    assert hall.connections.watches == {}


def test_a_subscription_that_moves_while_a_watch_begins_is_not_watched(inside: Hall) -> None:
    # Given a move that is stored, and whose watches are ended, just before this watch is stored
    watch = inside.connections.watch

    def watch_too_late(connection: Connection, subscription_id: int) -> None:
        inside.opens(7, BOB)
        watch(connection, subscription_id)

    inside.connections.watch = watch_too_late  # type: ignore[method-assign]
    # When the watch is stored, Then it is ended at once
    inside.watch(subscription_id=7)
    assert inside.received()[-1]["code"] == "subscription_not_found"
    assert inside.connections.watched_by("c1") == []


def test_whoever_finds_a_watch_finds_the_number_that_it_began_with(hall: Hall) -> None:
    # Given a client that knows a number from before a time in which nobody watched
    hall.happened(2)
    hall.connect("c1", hall.ticket())
    hall.connect("c2", hall.ticket())
    watch = hall.connections.watch

    def watch_then_another(connection: Connection, subscription_id: int) -> None:
        watch(connection, subscription_id)
        if connection.connection_id == "c1":
            hall.watch("c2", subscription_id=7, after=2)

    hall.connections.watch = watch_then_another  # type: ignore[method-assign]
    # When it resumes just after somebody else has begun to watch
    hall.watch("c1", subscription_id=7)
    # Then it gets a snapshot too
    assert [message["type"] for message in hall.received("c2")] == ["snapshot"]


def test_expired_watches_do_not_make_earlier_numbers_good_again(hall: Hall) -> None:
    # Given a watch that expired, and whose connection is forgotten long after
    hall.connect("c1", hall.ticket())
    hall.watch(subscription_id=7)
    hall.clock.advance(timedelta(hours=3))
    hall.step("$disconnect", "c1")
    # Then nothing is stored because of it
    assert not hall.connections.audience(7, hall.clock()).is_recorded


def test_a_watch_of_another_account_is_not_of_the_owner(hall: Hall) -> None:
    hall.connections.watch(Connection("stranger", BOB, LATER), 7)
    hall.connect("c1", hall.ticket(BOB))
    hall.watch(subscription_id=7, after=0)
    assert [answer["code"] for answer in hall.received()] == ["subscription_not_found"]
