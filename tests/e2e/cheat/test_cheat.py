"""The cheat: whatever a customer tries at the gate is refused, or billed to the last token."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from flareflow_gate import preflight
from tests.e2e.cheat.cheater import (
    MODEL,
    Attempt,
    all_tricks,
    billed_by_records,
    billed_by_rows,
    free,
    table,
    try_all,
)
from tests.support.doors import Doors, both_doors

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PORT_BASE = "24600"
ROWS_SECONDS = 5.0
"""LiteLLM writes rows after at most this time; where one is missing for good there is nothing to wait for."""
KNOWN_TO_WORK = {
    "no-log in the body of chat",
    "no-log in the body of messages",
    "one call id for three calls of embeddings",
    "three answers with one id of the upstream's",
}
"""What LiteLLM alone lets through: tricks that do not work there would test nothing here."""


@dataclass(frozen=True)
class Tried:
    """All tricks at both doors, and the tokens that nobody pays for."""

    alone: Mapping[str, Attempt]
    gate: Mapping[str, Attempt]
    free_alone: Mapping[str, int]
    free_at_gate: Mapping[str, int]


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    with both_doors(PORT_BASE, careless=True) as running:
        yield running


@pytest.fixture(scope="module")
def tried(doors: Doors) -> Tried:
    alone, gate = try_all(doors, doors.alone), try_all(doors, doors.gate)
    time.sleep(ROWS_SECONDS)
    rows, records = billed_by_rows(doors), billed_by_records(doors)
    return Tried(
        alone,
        gate,
        {name: free(tried, rows).total() for name, tried in alone.items()},
        {name: free(tried, records).total() for name, tried in gate.items()},
    )


def test_each_trick_is_refused_or_billed(tried: Tried) -> None:
    assert {name: tokens for name, tokens in tried.free_at_gate.items() if tokens} == {}


def test_the_gate_refuses_what_it_cannot_bill(tried: Tried) -> None:
    assert [name for name, attempt in tried.gate.items() if attempt.let_through and not attempt.served] == []


def test_tricks_work_on_litellm_alone(tried: Tried) -> None:
    assert {name for name in KNOWN_TO_WORK if not tried.free_alone[name]} == set()


def test_no_route_of_litellm_is_reachable_but_the_listed_ones(doors: Doors) -> None:
    # Given all routes that LiteLLM itself tells of
    paths: dict[str, dict[str, object]] = httpx.get(f"{doors.alone}/openapi.json", timeout=60).json()["paths"]
    headers = {"authorization": f"Bearer {doors.new_key()}"}
    # When each is asked for at the gate
    with httpx.Client(base_url=doors.gate, headers=headers, timeout=60) as http:
        reached = {
            (method.upper(), path)
            for path, methods in paths.items()
            for method in methods
            if http.request(method, path).status_code != httpx.codes.NOT_FOUND
        }
    # Then only the listed ones are there
    calls = ("/chat/completions", "/completions", "/embeddings", "/responses")
    assert reached == {
        *(("POST", path) for call in calls for path in (call, f"/v1{call}")),
        ("POST", "/v1/messages"),
        *(("GET", path) for path in ("/models", "/v1/models", "/health/liveliness", "/health/readiness")),
    }


def test_the_preflight_tells_the_gate_from_litellm_alone(doors: Doors) -> None:
    key = doors.new_key()
    with preflight.client(doors.gate, key) as http:
        assert [trick.name for trick, passed in preflight.run(http, MODEL) if passed] == []
    with preflight.client(doors.alone, key) as http:
        assert len([trick for trick, passed in preflight.run(http, MODEL) if passed]) > len(KNOWN_TO_WORK)


def test_the_table(tried: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("trick", "LiteLLM alone", "the gate")]
    for name, alone in tried.alone.items():
        rows.append((name, _told(alone, tried.free_alone[name]), _told(tried.gate[name], tried.free_at_gate[name])))
    with capsys.disabled():
        sys.stdout.write(f"\n{table(rows)}\n")
    assert len(rows) == len(all_tricks()) + 1


def _told(attempt: Attempt, free_tokens: int) -> str:
    served = attempt.taken_tokens.total()
    if attempt.is_refused:
        return f"refused ({attempt.statuses[0]})"
    if not served:
        return f"answered {attempt.statuses[0]}, no model was called"
    return f"{free_tokens} of {served} tokens free" if free_tokens else f"billed ({served} tokens)"
