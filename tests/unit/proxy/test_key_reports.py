"""A virtual key asks about itself at the gate."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from flareflow_gate.callers import Caller
from flareflow_gate.key_reports import REMEMBERED_SECONDS, HttpKeyReports, KeyReport
from flareflow_gate.refusals import RefusedError
from tests.unit.proxy.gate_harness import KEY, MASTER_KEY, TOP_UP_URL, GateHarness

HASH = Caller(KEY).key_hash
TOLD: dict[str, Any] = {
    "key_hash": HASH,
    "alias": "laptop",
    "status": "active",
    "limits": {"models": ["gpt-4o"], "expires_at": None, "requests_per_minute": "5", "tokens_per_minute": None},
    "cap_microtokens": "1000000000",
    "key_left_microtokens": "600500000",
    "standing": "warned",
    "left_microtokens": "42994500000",
    "total": {"requests": "3", "rated_microtokens": "399500000"},
    "days": [{"day": "2026-11-24", "requests": "3", "rated_microtokens": "399500000"}],
}


@pytest.mark.parametrize("path", ["/v1/usage", "/usage"])
def test_a_key_reads_what_it_has_used(gate: GateHarness, path: str) -> None:
    gate.reports.told = TOLD
    answered = gate.call(path, method="GET")
    assert (answered.status, answered.document) == (
        200,
        {
            "object": "usage",
            "unit": "rated tokens",
            "total": {"requests": 3, "cost": "399.5"},
            "days": [{"day": "2026-11-24", "requests": 3, "cost": "399.5"}],
        },
    )
    assert gate.reports.asked == [HASH]


@pytest.mark.parametrize("path", ["/v1/credits", "/credits"])
def test_a_key_reads_what_is_left(gate: GateHarness, path: str) -> None:
    gate.reports.told = TOLD
    limits = {"models": ["gpt-4o"], "expires_at": None, "requests_per_minute": 5, "tokens_per_minute": None}
    assert gate.call(path, method="GET").document == {
        "object": "credits",
        "unit": "rated tokens",
        "standing": "warned",
        "left": "42994.5",
        "key": {"cap": "1000", "left": "600.5", **limits},
        "top_up_url": TOP_UP_URL,
    }


def test_a_key_without_a_cap_reads_so(gate: GateHarness) -> None:
    gate.reports.told = TOLD | {"cap_microtokens": None, "key_left_microtokens": None}
    key = gate.call("/v1/credits", method="GET").document["key"]
    assert (key["cap"], key["left"]) == (None, None)


@pytest.mark.parametrize("path", ["/v1/usage", "/v1/credits"])
@pytest.mark.parametrize("header", ["", "Bearer nothing", f"Bearer {MASTER_KEY}"])
def test_nobody_reads_it_without_a_virtual_key(gate: GateHarness, path: str, header: str) -> None:
    answered = gate.call(path, method="GET", headers={"authorization": header})
    assert (answered.status, answered.document["error"]["code"]) == (401, "invalid_api_key")
    assert gate.reports.asked == []


def asked(answer: Callable[[httpx.Request], httpx.Response], times: int = 1, pause: float = 0.0) -> list[KeyReport]:
    """So many reports of one key, with a pause after each."""
    now = [100.0]

    async def ask() -> list[KeyReport]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            reports = HttpKeyReports(http, "http://api/internal/credit/keys", "the secret", lambda: now[0])
            found = []
            for _ in range(times):
                found.append(await reports.of(HASH))
                now[0] += pause
            return found

    return asyncio.run(ask())


def test_the_gate_asks_by_the_hash_of_the_key_and_with_its_own_secret() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=TOLD)

    [report] = asked(answer)
    assert report.left_microtokens == 42_994_500_000
    assert json.loads(seen[0].content) == {"key_hash": HASH}
    assert seen[0].headers["authorization"] == "Bearer the secret"


@pytest.mark.parametrize(("pause", "requests"), [(REMEMBERED_SECONDS / 4, 1), (REMEMBERED_SECONDS, 3)])
def test_a_flood_of_questions_asks_once_a_second(pause: float, requests: int) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=TOLD)

    assert len(asked(answer, times=3, pause=pause)) == 3
    assert len(seen) == requests


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (httpx.Response(404, json={"code": "key_not_found"}), 401, "invalid_api_key"),
        (httpx.Response(404, html="<html>Not found</html>"), 503, "usage_unknown"),
        (httpx.Response(404, json=[]), 503, "usage_unknown"),
        (httpx.Response(503, json={"code": "temporarily_unavailable"}), 503, "usage_unknown"),
        (httpx.Response(401, json={"code": "gate_secret_wrong"}), 503, "usage_unknown"),
        (httpx.Response(200, json={"standing": "active"}), 503, "usage_unknown"),
        (httpx.Response(200, text="half an ans"), 503, "usage_unknown"),
    ],
)
def test_what_flareflow_cannot_tell_is_an_error_in_openais_form(answer: httpx.Response, status: int, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(lambda _: answer)
    assert (refused.value.status, refused.value.code) == (status, code)
