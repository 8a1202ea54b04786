"""`watch`: each message once and in order, across breaks, gaps and silence, until it is interrupted."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosedError

from flareflow_verify.output import Paper, Progress
from flareflow_verify.sources.http import SourceError
from flareflow_verify.sources.service import SignedOutError
from flareflow_verify.watch_command import RETRIES_MAX, Show, Watcher
from flareflow_verify.watching import EndedError, Watched

MILLION: Final = 1_000_000
AT: Final = "2026-11-24T12:00:00.000000Z"


def snapshot(sequence: int, counted: int = 0) -> dict[str, Any]:
    totals = {"version": "1", "counted_microtokens": str(counted), "unconfirmed_microtokens": "0"}
    balance = {"status": "active", "balance_ufix64": "914011000", "charged_ufix64": "0", "owed_ufix64": "0"}
    standing = {"standing": "active", "version": "1"}
    return numbered("snapshot", sequence, totals=totals, balance=balance, standing=standing)


def numbered(kind: str, sequence: int, **data: Any) -> dict[str, Any]:
    return {"type": kind, "subscription_id": "7", "sequence": str(sequence), "at": AT, "data": data}


def pending(sequence: int, counted: int, unconfirmed: int, version: int = 2) -> dict[str, Any]:
    totals = {
        "version": str(version),
        "counted_microtokens": str(counted),
        "unconfirmed_microtokens": str(unconfirmed),
    }
    call = {"event_id": "e", "model": "gpt-4.1", "tokens": "10", "rated_microtokens": "10000000", "state": "counted"}
    return numbered("usage.pending", sequence, totals=totals, calls=[call], calls_left_out="2")


type Script = Sequence[Sequence[dict[str, Any]] | Exception]


class Line:
    """Connections that go as they are told: a frame's messages, or what ends the connection."""

    def __init__(self, *connections: Script) -> None:
        self.connections = list(connections)
        self.sent: list[dict[str, Any]] = []
        self.opened = 0

    @contextmanager
    def connect(self) -> Iterator["Line"]:
        if self.opened == len(self.connections):
            raise KeyboardInterrupt
        self.frames = iter(self.connections[self.opened])
        self.opened += 1
        yield self

    def send(self, message: str) -> None:
        self.sent.append(json.loads(message))

    def recv(self, timeout: float) -> str:
        frame = next(self.frames, None)
        if frame is None:
            raise ConnectionClosedError(None, None)
        if isinstance(frame, Exception):
            raise frame
        return json.dumps({"messages": list(frame)})


@pytest.fixture
def paper() -> io.StringIO:
    return io.StringIO()


def watch(line: Line, paper: io.StringIO, watched: Watched | None = None) -> Watched:
    """Watch until the script is at its end."""
    watched = watched or Watched(7)
    show = Show(Paper(paper, is_coloured=False), Progress(paper, is_shown=False), is_json=False)
    with pytest.raises(KeyboardInterrupt):
        Watcher(watched, line.connect, show.tell, lambda _: None, pause=lambda _: None).run()
    return watched


def test_a_key_that_an_administrator_has_blocked_is_told_as_such(paper: io.StringIO) -> None:
    # Given a key that the standing has blocked, another that an administrator has, and one that works again
    states = [("key.suspended", "a", "standing"), ("key.suspended", "b", "administrator"), ("key.resumed", "a", None)]
    told = [
        numbered(kind, place, key_hash="ab", alias=alias, reason=reason)
        for place, (kind, alias, reason) in enumerate(states, 2)
    ]
    # When they are told
    watch(Line([[snapshot(1)], told]), paper)
    # Then only what topping up does not end is an administrator's
    said = [line.partition(" ")[2].split(maxsplit=1) for line in paper.getvalue().splitlines()]
    keys = [rest for head, rest in said if head == "key"]
    assert keys == ["a suspended", "b suspended by an administrator", "a resumed"]


def test_pending_and_proven_stand_apart(paper: io.StringIO) -> None:
    # Given a subscription of which two million were charged before
    before = Watched(7, settled=2 * MILLION, attested=2 * MILLION)
    # When calls are counted, sealed, attested and charged
    attested = numbered("usage.attested", 4, epoch="9", attested_microtokens=str(5 * MILLION), voting_round="3")
    settled = numbered("usage.settled", 5, epoch="9", settled_microtokens=str(4 * MILLION), charged_ufix64="100")
    frames = [[snapshot(1)], [pending(2, 6 * MILLION, MILLION)], [numbered("usage.sealed", 3, epoch="9",
              sealed_microtokens=str(5 * MILLION), statement_hash="0xab")], [attested, settled]]  # fmt: skip
    watched = watch(Line(frames), paper, before)
    # Then what is not attested is pending, and the rest proven
    assert watched.status == "pending 2 | proven 5 | charged 4 rated tokens | deposit 9.14011000 | active"
    told = paper.getvalue().splitlines()
    assert told[0] == "12:00:00 counted     gpt-4.1, 10 tokens, 10 rated tokens"
    assert told[1] == "12:00:00 … and 2 calls more"
    assert [line.split()[1] for line in told[2:]] == ["sealed", "attested", "charged"]


def test_a_snapshot_tells_what_was_missed(paper: io.StringIO) -> None:
    # Given a client that saw a million charged, and missed too much to resume
    before = Watched(7, last=4, settled=MILLION)
    missed = snapshot(300, counted=6 * MILLION)
    missed["data"] |= {
        "sealed": {"epoch": "9", "sealed_microtokens": str(5 * MILLION), "statement_hash": "0xab"},
        "attested": {"epoch": "8", "attested_microtokens": str(4 * MILLION), "voting_round": "3"},
        "settled": {"epoch": "7", "settled_microtokens": str(3 * MILLION), "charged_ufix64": "100"},
        "suspended": [{"key_hash": "ab", "alias": "laptop", "reason": "administrator"}],
    }
    # When it gets a snapshot, Then it knows as much as one that missed nothing
    watched = watch(Line([[missed]]), paper, before)
    assert (watched.sealed, watched.attested, watched.settled) == (5 * MILLION, 4 * MILLION, 3 * MILLION)
    assert watched.status == "pending 2 | proven 4 | charged 3 rated tokens | deposit 9.14011000 | active"
    assert paper.getvalue() == "12:00:00 key         laptop suspended by an administrator\n"
    # And one of a subscription that nobody has used tells nothing
    unused = snapshot(1)
    unused["data"] |= {"sealed": None, "attested": None, "settled": None, "suspended": []}
    assert watch(Line([[unused]]), paper).status.startswith("pending 0 | proven 0 | charged 0")


def test_after_a_break_it_goes_on_from_the_last_message(paper: io.StringIO) -> None:
    line = Line([[snapshot(4)], [pending(5, 1, 0)]], [[{"type": "watching", "sequence": "6"}], [pending(6, 2, 0)]])
    watch(line, paper)
    assert [one.get("after") for one in line.sent] == [None, "5"]
    assert len(paper.getvalue().splitlines()) == 4


def test_what_comes_twice_is_shown_once(paper: io.StringIO) -> None:
    line = Line([[snapshot(4)], [pending(5, 1, 0), pending(5, 1, 0)], [pending(4, 1, 0)]])
    watch(line, paper)
    assert len(paper.getvalue().splitlines()) == 2
    # And nothing is asked for again
    assert [one["action"] for one in line.sent] == ["watch"]


def test_what_was_missed_is_asked_for_once(paper: io.StringIO) -> None:
    # Given a gap, and further messages before the answer
    line = Line([[snapshot(4)], [pending(6, 1, 0)], [pending(7, 1, 0)], [{"type": "watching", "sequence": "7"}],
                 [pending(5, 1, 0), pending(6, 1, 0), pending(7, 1, 0)]])  # fmt: skip
    watched = watch(line, paper)
    assert [one.get("after") for one in line.sent] == [None, "4"]
    assert watched.last == 7


def test_a_silent_connection_is_pinged_and_then_given_up(paper: io.StringIO) -> None:
    line = Line([[snapshot(4)], TimeoutError(), TimeoutError()], [[snapshot(4)]])
    watch(line, paper)
    assert [one["action"] for one in line.sent] == ["watch", "ping", "watch"]


def test_a_pong_with_a_higher_number_shows_a_gap(paper: io.StringIO) -> None:
    pong = {"type": "pong", "watched": [{"subscription_id": "7", "sequence": "9"}]}
    line = Line([[snapshot(4)], TimeoutError(), [pong], [{"type": "watching", "sequence": "9"}]])
    watch(line, paper)
    assert [one["action"] for one in line.sent] == ["watch", "ping", "watch"]


def test_totals_of_an_older_version_change_nothing(paper: io.StringIO) -> None:
    watched = watch(Line([[snapshot(1)], [pending(2, 9, 0, version=3), pending(3, 5, 0, version=2)]]), paper)
    assert watched.totals is not None
    assert watched.totals.counted_microtokens == 9


@pytest.mark.parametrize(
    "message",
    [
        {"type": "error", "code": "subscription_not_found", "detail": "There is none."},
        {"type": "watch.ended", "subscription_id": "7", "reason": "owner_changed"},
    ],
)
def test_a_server_that_refuses_for_good_ends_it(message: dict[str, Any]) -> None:
    line = Line([[message]])
    with pytest.raises(EndedError):
        Watcher(Watched(7), line.connect, lambda *_: None, lambda _: None, pause=lambda _: None).run()
    assert line.opened == 1


@pytest.mark.parametrize("frame", [[{"type": "error", "code": "later", "detail": "x"}], [{"no": "type"}]])
def test_anything_else_that_is_odd_is_a_new_connection(frame: Any, paper: io.StringIO) -> None:
    line = Line([frame], [[snapshot(1)]])
    watch(line, paper)
    assert line.opened == 2


def test_it_waits_longer_each_time_and_gives_up(paper: io.StringIO) -> None:
    pauses = list[float]()

    @contextmanager
    def refused() -> Iterator[Any]:
        raise OSError("refused")
        yield

    with pytest.raises(SourceError, match="no connection"):
        Watcher(Watched(7), refused, lambda *_: None, lambda _: None, pause=pauses.append).run()
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert max(pauses) == 30.0
    assert len(pauses) == RETRIES_MAX + 1


def test_a_session_that_is_over_is_said_at_once() -> None:
    def signed_out() -> Any:
        raise SignedOutError("401")

    with pytest.raises(SignedOutError):
        Watcher(Watched(7), signed_out, lambda *_: None, lambda _: None).run()


def test_what_a_terminal_would_obey_is_not_printed(paper: io.StringIO) -> None:
    evil = pending(2, 1, 0)
    evil["data"]["calls"][0]["model"] = "\x1b[2Jgone"
    watch(Line([[snapshot(1)], [evil]]), paper)
    assert "\x1b" not in paper.getvalue()
