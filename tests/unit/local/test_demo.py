"""The demo waits where a busy machine makes others wait, and takes no failure for an answer."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from infra.local.demo import api as demo_api
from infra.local.demo import calls, job
from infra.local.demo.api import Api, ApiError

BODY = {"model": "gpt-4o", "messages": []}


def answering(*statuses: int, **headers: str) -> httpx.MockTransport:
    """Answers with these statuses, one after the other."""
    left = iter(statuses)
    return httpx.MockTransport(lambda _: httpx.Response(next(left), headers=headers, json={}))


def asked(transport: httpx.MockTransport) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(base_url="http://gate", transport=transport) as client:
            return (await calls.asked(client, BODY)).status_code

    return asyncio.run(ask())


@pytest.mark.parametrize("last", [200, 402, 500])
def test_a_call_is_made_again_while_the_gate_is_busy_and_any_other_answer_is_taken(last: int) -> None:
    assert asked(answering(503, 503, last)) == last


def test_a_gate_that_stays_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CALL_TIMEOUT_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        asked(httpx.MockTransport(lambda _: httpx.Response(503)))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client of the API has waited; no time passes."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


def api(transport: httpx.MockTransport) -> Api:
    return Api(httpx.Client(base_url="http://api", transport=transport))


def test_a_busy_api_is_asked_again_after_the_time_that_it_says(pauses: list[float]) -> None:
    assert api(answering(429, 503, 200, **{"retry-after": "7"})).get("/v1/plans") == {}
    assert pauses == [7.0, 7.0]


def test_a_busy_api_that_says_no_time_is_asked_again_a_few_times(pauses: list[float]) -> None:
    with pytest.raises(ApiError, match="503"):
        api(answering(*[503] * 99)).get("/v1/plans")
    assert pauses == [demo_api.WAIT_SECONDS] * demo_api.WAITS_MAX


def states(**of_epochs: str | int) -> Callable[[httpx.Request], httpx.Response]:
    """Statements of these epochs, newest first, with the state of each attestation or the status of no answer."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/statements":
            listed = [{"epoch": epoch.removeprefix("e")} for epoch in of_epochs]
            return httpx.Response(200, text=json.dumps({"statements": listed}))
        found = of_epochs["e" + request.url.path.rpartition("/")[2]]
        return httpx.Response(found) if isinstance(found, int) else httpx.Response(200, json={"state": found})

    return answer


@pytest.mark.parametrize(
    ("of_epochs", "is_still"),
    [
        ({"e9": "SETTLED", "e8": "SKIPPED"}, True),
        ({"e9": "SETTLED", "e8": 404}, True),
        ({"e9": "SETTLED", "e8": "PROVEN"}, None),
        ({"e9": 404, "e8": "SETTLED"}, None),
    ],
)
def test_nothing_is_on_its_way_once_every_statement_is_settled_or_passed_over(
    of_epochs: dict[str, str | int], is_still: bool | None
) -> None:
    assert job.nothing_is_on_its_way(api(httpx.MockTransport(states(**of_epochs)))) is is_still


def test_a_statement_of_which_nothing_is_told_is_not_taken_for_passed_over() -> None:
    with pytest.raises(ApiError, match="500"):
        job.nothing_is_on_its_way(api(httpx.MockTransport(states(e9="SETTLED", e8=500))))
