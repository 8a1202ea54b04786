"""From changes of a subscription to messages on every connection that watches it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from flareflow.errors import RaceLostError
from flareflow.realtime.changes import Change, StandingDecided, SubscriptionChanged
from flareflow.realtime.connections import Forget
from flareflow.realtime.models import Connection, Log, Message, Notification, Source, Through
from flareflow.realtime.pushing import ATTEMPTS_MAX, Push
from tests.fakes.accounts import FakeClock
from tests.fakes.realtime import FakeConnections, FakeConnectionSender, FakeMessages
from tests.unit.realtime.hall import LATER, messages_in
from tests.unit.realtime.test_notifications import NOON, STATE, USED

SETTLED = SubscriptionChanged(5, NOON, 7, STATE, replace(STATE, settled_epoch=6))


@dataclass
class Square:
    """Pushing over fakes; connection c1 watches subscription 7."""

    messages: FakeMessages = field(default_factory=FakeMessages)
    connections: FakeConnections = field(default_factory=FakeConnections)
    sender: FakeConnectionSender = field(default_factory=FakeConnectionSender)
    clock: FakeClock = field(default_factory=FakeClock)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.joins("c1")

    def joins(self, connection_id: str, address: str = "0x01", subscription_id: int = 7) -> None:
        connection = Connection(connection_id, address, LATER)
        self.connections.add(connection)
        self.connections.watch(connection, subscription_id)

    def push(self, *changes: Change, clock: FakeClock | None = None) -> None:
        """Push changes of one subscription, by a clock of its own if it has one."""
        clock = clock or self.clock

        def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            clock.advance(timedelta(seconds=seconds))

        forget = Forget(self.connections, clock)
        push = Push(self.messages, self.connections, self.sender, forget, clock, pause)
        push.run(changes[0].subscription_id, changes)

    def received(self, connection: str = "c1") -> list[dict[str, Any]]:
        return messages_in(self.sender.sent[connection])

    def told(self, connection: str = "c1") -> list[tuple[str, str]]:
        return [(message["type"], message["sequence"]) for message in self.received(connection)]


@pytest.fixture
def square() -> Square:
    return Square()


def test_a_change_is_sent_with_its_number_to_everybody_who_watches(square: Square) -> None:
    square.joins("c2")
    square.push(USED)
    assert square.told("c1") == square.told("c2") == [("usage.pending", "1")]
    assert square.received()[0]["at"] == "2026-11-24T12:00:00.000000Z"


def test_what_happens_at_the_same_time_is_one_frame(square: Square) -> None:
    square.push(USED, SETTLED, StandingDecided(3, NOON, 7, "overdrawn", 3))
    assert len(square.sender.sent["c1"]) == 1
    assert square.told() == [("usage.pending", "1"), ("usage.settled", "2"), ("standing.changed", "3")]


def test_nothing_is_stored_where_nobody_watches(square: Square) -> None:
    # Given a subscription whose only watcher has expired
    square.connections.watches = {("c1", 7): square.clock()}
    # When it is used and settled, Then nothing is written
    square.push(USED, SETTLED)
    assert (square.messages.logs, square.received()) == ({}, [])


def test_messages_are_stored_a_while_after_the_last_watcher_has_gone(square: Square) -> None:
    Forget(square.connections, square.clock).run("c1")
    square.push(USED)
    assert square.messages.log(7).sequence == 1


def test_a_watcher_of_another_subscription_receives_nothing(square: Square) -> None:
    square.joins("c2", subscription_id=8)
    square.push(USED)
    assert square.received("c2") == []


def test_a_message_is_stored_before_it_is_sent(square: Square) -> None:
    # Given a connection that notes how many messages are stored when it receives one
    stored: list[int] = []
    send = square.sender.send

    def send_and_note(connection_id: str, text: str) -> bool:
        stored.append(square.messages.log(7).sequence)
        return send(connection_id, text)

    square.sender.send = send_and_note  # type: ignore[method-assign]
    # When a settlement is pushed
    square.push(SETTLED)
    # Then its message was stored by then
    assert stored == [1]


def test_changes_that_are_delivered_twice_take_no_other_number(square: Square) -> None:
    # Given three changes that became two messages
    standing = StandingDecided(6, NOON, 7, "overdrawn", 3)
    square.push(SETTLED, standing)
    # When they are delivered again, together or in part
    square.push(SETTLED, standing)
    square.push(SETTLED)
    # Then nothing new is stored, and the last message is sent again for who missed it
    assert square.told() == [("usage.settled", "1"), *[("standing.changed", "2")] * 3]
    assert square.messages.log(7).sequence == 2


def test_of_changes_that_are_delivered_again_with_new_ones_only_the_new_ones_are_told(square: Square) -> None:
    square.push(USED)
    square.push(USED, replace(USED, number=2, version=4, calls=()))
    [_, second] = square.received()
    assert (second["sequence"], second["data"]["totals"]["version"], second["data"]["calls"]) == ("2", "4", [])


def test_each_kind_of_change_is_followed_by_itself(square: Square) -> None:
    # Given a change whose number is high
    square.push(replace(SETTLED, number=10**38))
    # When something of another stream happens, whose numbers are lower, Then it is new
    square.push(USED)
    assert [kind for kind, _ in square.told()] == ["usage.settled", "usage.pending"]


def test_messages_of_a_subscription_are_a_quarter_of_a_second_apart(square: Square) -> None:
    # Given changes one by one, faster than that
    for number in range(1, 6):
        square.push(replace(USED, number=number, version=number))
        square.clock.advance(timedelta(milliseconds=50))
    # Then from the second on each waits for its turn
    assert square.pauses == pytest.approx([0.2] * 4)
    # And after a quiet while, none waits
    square.clock.advance(timedelta(milliseconds=200))
    square.push(replace(USED, number=6, version=6))
    assert len(square.pauses) == 4


@pytest.mark.parametrize("watched", [1, 2, 5])
def test_a_connection_gets_four_frames_a_second_however_many_subscriptions_it_watches(
    square: Square, watched: int
) -> None:
    # Given a connection that watches several subscriptions, all of which change all the time
    numbers = [7, 8, 9, 10, 11][:watched]
    for number in numbers:
        square.joins("c1", subscription_id=number)
    began, clocks = square.clock(), {number: FakeClock(square.clock()) for number in numbers}
    # When each is pushed for ten seconds, as often as it may be
    for number, clock in clocks.items():
        version = 0
        while clock() < began + timedelta(seconds=10):
            version += 1
            square.push(replace(USED, subscription_id=number, number=version, version=version), clock=clock)
    # Then the connection has received forty frames, but for those that begin at once
    assert 40 <= len(square.sender.sent["c1"]) <= 40 + watched


def test_a_clock_that_is_behind_makes_nobody_wait_longer(square: Square) -> None:
    square.messages.logs[7] = Log(written_at=square.clock() + timedelta(hours=1))
    square.push(USED)
    assert square.pauses == [0.25]


def test_a_message_that_lost_the_race_for_its_number_takes_the_next_one(square: Square) -> None:
    # Given another invocation that stores a message just before this one
    append = square.messages.append

    def be_overtaken(log: Log, notifications: Sequence[Notification], through: Through, now: Any) -> Sequence[Message]:
        square.messages.append = append  # type: ignore[method-assign]
        append(log, notifications, {Source.STANDING: 1}, now)
        return append(log, notifications, through, now)

    square.messages.append = be_overtaken  # type: ignore[method-assign]
    # When a change is pushed, Then it has the number after the other's
    square.push(USED)
    assert square.told() == [("usage.pending", "2")]


def test_whoever_loses_every_race_is_delivered_again(square: Square) -> None:
    attempts: list[Log] = []

    def lose(log: Log, *_: object) -> Sequence[Message]:
        attempts.append(log)
        raise RaceLostError("another message was stored")

    square.messages.append = lose  # type: ignore[method-assign, assignment]
    with pytest.raises(RaceLostError, match="subscription 7 lost 5 races"):
        square.push(USED)
    assert len(attempts) == ATTEMPTS_MAX


def test_a_connection_that_is_gone_is_forgotten_and_the_others_are_served(square: Square) -> None:
    square.joins("c0")
    square.sender.gone.add("c0")
    square.push(USED)
    assert set(square.connections.connections) == {"c1"}
    assert square.connections.audience(7, square.clock()).watchers == ["c1"]
    assert len(square.received()) == 1


def test_a_move_ends_the_watches_of_everybody_but_the_new_owner_at_once(square: Square) -> None:
    # Given watchers of the old and the new owner, and of one that is gone
    square.joins("c2", "0x02")
    square.connections.watch(Connection("gone", "0x01", LATER), 7)
    square.joins("c1", subscription_id=8)
    # When the subscription moves, together with a change of its balance
    moved = replace(STATE, owner="0x02", balance_ufix64=97_000_000, deposited_ufix64=99_000_000)
    square.push(replace(SETTLED, after=moved))
    # Then the old owner is told so and nothing else, and watches only what is still their own
    ended = {"type": "watch.ended", "subscription_id": "7", "reason": "owner_changed"}
    assert square.received("c1") == [ended]
    assert [kind for kind, _ in square.told("c2")] == ["balance.changed"]
    assert set(square.connections.watches) == {("c2", 7), ("c1", 8)}


def test_the_new_owner_cannot_resume_from_before_the_move(square: Square) -> None:
    # Given a message of the former owner's time
    square.push(USED)
    # When the subscription moves
    square.push(replace(SETTLED, after=replace(STATE, owner="0x02")))
    # Then earlier numbers are too old to resume from
    assert square.messages.log(7).complete_after == 2


def test_a_change_without_a_new_owner_ends_no_watch(square: Square) -> None:
    square.push(SETTLED)
    assert set(square.connections.watches) == {("c1", 7)}
    assert square.messages.log(7).complete_after == 0
