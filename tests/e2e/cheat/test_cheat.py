"""The cheat: whatever a customer tries at the gate is refused, or billed to the last token."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from flareflow.adapters.litellm.client import litellm_client
from flareflow.adapters.litellm.spend_log import LiteLLMSpendLog
from flareflow.metering.call_types import known_call_types
from flareflow.metering.models import Window
from flareflow.metering.rows import Listing, LoggedRow, Reason, SpendPage
from flareflow.metering.sorting import Seen, SortRows
from flareflow_gate import preflight
from infra.local.ports import url
from infra.waiting import until
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
from tests.fakes.metering import FakeKeyDirectory
from tests.fakes.spend_log import FakeCases, FakeRowCounter
from tests.support.doors import Doors, both_doors, hash_of
from tests.support.eventually import WAIT_SECONDS_MAX, eventually
from tests.support.litellm import MASTER_KEY

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

PORT_BASE = "24600"
HOUR = timedelta(hours=1)
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
    with suppress(TimeoutError):  # what is still free then is found by the tests
        until(lambda: is_all_billed(gate, doors) or None, WAIT_SECONDS_MAX)
    rows, records = billed_by_rows(doors), billed_by_records(doors)
    return Tried(
        alone,
        gate,
        {name: free(tried, rows).total() for name, tried in alone.items()},
        {name: free(tried, records).total() for name, tried in gate.items()},
    )


def is_all_billed(gate: Mapping[str, Attempt], doors: Doors) -> bool:
    records = billed_by_records(doors)
    return not any(free(attempt, records) for attempt in gate.values())


def test_each_trick_is_refused_or_billed(tried: Tried) -> None:
    assert {name: tokens for name, tokens in tried.free_at_gate.items() if tokens} == {}


def test_the_gate_refuses_what_it_cannot_bill(tried: Tried) -> None:
    assert [name for name, attempt in tried.gate.items() if attempt.let_through and not attempt.served] == []


def test_tricks_work_on_litellm_alone(tried: Tried) -> None:
    assert {name for name in KNOWN_TO_WORK if not tried.free_alone[name]} == set()


def test_no_route_of_litellm_is_reachable_but_the_listed_ones(doors: Doors) -> None:
    # Given all routes that LiteLLM itself tells of
    document = httpx.get(f"{doors.alone}/openapi.json", timeout=WAIT_SECONDS_MAX).json()
    paths: dict[str, dict[str, object]] = document["paths"]
    headers = {"authorization": f"Bearer {doors.new_key()}"}
    # When each is asked for at the gate
    with httpx.Client(base_url=doors.gate, headers=headers, timeout=WAIT_SECONDS_MAX) as http:
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


def test_a_response_that_is_read_again_is_billed_once(doors: Doors) -> None:
    # Given a response, which is read again where no gate forbids it
    key = doors.new_key()
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=doors.alone, headers=headers, timeout=WAIT_SECONDS_MAX) as http:
        asked = {"model": MODEL, "input": "three words here", "max_output_tokens": 20}
        made = http.post("/v1/responses", json=asked).raise_for_status().json()
        again = http.get(f"/v1/responses/{made['id']}").raise_for_status().json()
        assert again["usage"] == made["usage"]
    # When LiteLLM's rows of both are read

    def of_both() -> tuple[LoggedRow, ...] | None:
        now = datetime.now(UTC)
        with litellm_client(url("litellm_admin"), lambda: MASTER_KEY) as client:
            page = LiteLLMSpendLog(client).page(Listing.ANSWERED, Window(now - HOUR, now), 1)
        found = tuple(row for row in page.rows if row.call.key_hash == hash_of(key))
        return found if len(found) > 1 else None

    seen = Seen()
    sort = SortRows(FakeKeyDirectory(known={hash_of(key): 1}), FakeRowCounter(), FakeCases(), known_call_types())
    sort.run(SpendPage(eventually(of_both)), seen, datetime.now(UTC))
    # Then one is billed, and the other is counted as one that is not
    assert [(row.call.call_type, row.call.tokens.total) for row in seen.owned] == [("aresponses", 23)]
    assert [(tally.reason, tally.count) for tally in seen.tallies()] == [(Reason.NOT_BILLED, 1)]


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
