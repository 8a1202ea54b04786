"""Stored records are handed to `usage_ingest` until it has them, whatever happens on the way."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from flareflow_gate.living import Lifeline
from flareflow_gate.outbox import Outbox, State
from flareflow_gate.shipping import BATCH_RECORDS_MAX, Shipping

type Answering = Callable[[list[dict[str, str]]], int]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path / "outbox.db", "this-gate")
    yield made
    made.close()


def fill(outbox: Outbox, *event_ids: str) -> None:
    for event_id in event_ids:
        outbox.admit(event_id, b"{}")
        outbox.answer(event_id, json.dumps({"event_id": event_id}).encode())


def hand_over(outbox: Outbox, answering: Answering) -> tuple[bool, list[list[str]]]:
    """Hand over once; whether nothing waits any more, and the batches that arrived."""
    batches: list[list[str]] = []

    def ingest(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer secret"
        records = json.loads(request.content)
        batches.append([record["event_id"] for record in records])
        return httpx.Response(answering(records))

    async def run() -> bool:
        async with httpx.AsyncClient(transport=httpx.MockTransport(ingest)) as http:
            return await Shipping(outbox, http, "http://ingest/internal/usage", "secret").hand_over()

    return asyncio.run(run()), batches


def waiting(outbox: Outbox) -> list[str]:
    return [stored.event_id for stored in outbox.waiting(1_000)]


def test_records_travel_in_batches_in_their_order_and_are_forgotten(outbox: Outbox) -> None:
    # Given more records than go into a batch, the first with the last name
    names = [f"event-{number:03}" for number in range(BATCH_RECORDS_MAX + 1, 0, -1)]
    fill(outbox, *names)
    # When they are handed over
    done, batches = hand_over(outbox, lambda _: 202)
    # Then each was sent once
    assert done
    assert batches == [names[:BATCH_RECORDS_MAX], names[BATCH_RECORDS_MAX:]]
    assert waiting(outbox) == []


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_records_that_are_not_taken_wait(outbox: Outbox, status: int) -> None:
    fill(outbox, "a", "b")
    assert hand_over(outbox, lambda _: status) == (False, [["a", "b"]])
    assert waiting(outbox) == ["a", "b"]


def test_one_record_that_is_never_taken_holds_up_no_other(outbox: Outbox, tmp_path: Path) -> None:
    # Given a record that usage_ingest cannot read
    fill(outbox, "a", "odd", "b")
    # When all are handed over
    done, batches = hand_over(outbox, lambda records: 400 if {"event_id": "odd"} in records else 202)
    # Then the others have arrived, and it is neither sent again nor lost
    assert done
    assert batches == [["a", "odd", "b"], ["a"], ["odd"], ["b"]]
    assert waiting(outbox) == []
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as file:
        assert file.execute("SELECT event_id, state FROM call").fetchall() == [("odd", State.REJECTED)]


def test_a_call_whose_answer_is_under_way_is_not_sent(outbox: Outbox) -> None:
    outbox.admit("under-way", b"{}")
    assert hand_over(outbox, lambda _: 202) == (True, [])


def test_nothing_is_lost_when_nobody_listens(outbox: Outbox) -> None:
    def broken(_: object) -> int:
        raise httpx.ConnectError("nobody listens")

    fill(outbox, "a")
    assert hand_over(outbox, broken)[0] is False
    assert waiting(outbox) == ["a"]


def test_a_record_survives_its_gate(outbox: Outbox, tmp_path: Path) -> None:
    # Given a record in a file that the gate has not closed
    fill(outbox, "a")
    # When another process opens it
    other = Outbox(tmp_path / "outbox.db", "next-gate")
    # Then it is there
    assert waiting(other) == ["a"]
    other.close()


def test_a_gate_is_alive_until_it_closes(tmp_path: Path) -> None:
    first, second = Lifeline(tmp_path), Lifeline(tmp_path)
    assert set(first.living()) == {first.name, second.name}
    second.close()
    assert first.living() == [first.name]
    first.close()


def test_a_gate_that_died_is_not_alive(tmp_path: Path) -> None:
    # Given the file of a gate that nobody holds a lock on
    (tmp_path / "dead.gate").touch()
    lifeline = Lifeline(tmp_path)
    # When asked who is alive
    assert lifeline.living() == [lifeline.name]
    # Then the file is gone
    assert not (tmp_path / "dead.gate").exists()
    lifeline.close()
