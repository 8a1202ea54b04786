"""The preflight tells a proxy that lets tricks through from one that holds them."""

import json
from collections.abc import Callable

import httpx
import pytest

from flareflow_gate import preflight
from flareflow_gate.tricks import CHOSEN_ID, TOKENS

HONEST = {"model": "gpt-4o", "max_tokens": TOKENS, "messages": [{"role": "user", "content": "one two three"}]}


def holds_everything(request: httpx.Request) -> httpx.Response:
    """A proxy that answers an honest call and nothing else."""
    if request.url.path == "/v1/chat/completions" and json.loads(request.content) == HONEST:
        return httpx.Response(200, json={"choices": [{}]})
    return httpx.Response(404)


def has_a_pattern(request: httpx.Request) -> httpx.Response:
    """A gate where `openai/*` is configured, and its names have a price."""
    if request.content and json.loads(request.content) == HONEST | {"model": "openai/gpt-4o"}:
        return httpx.Response(200, headers={"x-flareflow-cost": "12"}, json={"choices": [{}]})
    return holds_everything(request)


def answers_any_name(request: httpx.Request) -> httpx.Response:
    """LiteLLM alone, which tells no price."""
    answer = has_a_pattern(request)
    answer.headers.pop("x-flareflow-cost", None)
    return answer


def lists_models(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={}) if b'"openai/gpt-4o,gpt-4o"' in request.content else holds_everything(request)


def takes_chosen_ids(request: httpx.Request) -> httpx.Response:
    told = {"x-litellm-call-id": request.headers["x-litellm-call-id"]} if "x-litellm-call-id" in request.headers else {}
    return httpx.Response(holds_everything(request).status_code, headers=told, json={})


def merges_the_query(request: httpx.Request) -> httpx.Response:
    choices = int(request.url.params.get("n", "1"))
    return httpx.Response(holds_everything(request).status_code, json={"choices": [{}] * choices})


def reads_unknown_parameters(request: httpx.Request) -> httpx.Response:
    if b"no-log" in request.content:
        return httpx.Response(200, json={})
    return holds_everything(request)


def has_more_routes(request: httpx.Request) -> httpx.Response:
    return httpx.Response(422) if request.url.path == "/key/generate" else holds_everything(request)


@pytest.fixture
def exit_status(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[httpx.Request], httpx.Response]], int]:
    def run(proxy: Callable[[httpx.Request], httpx.Response]) -> int:
        made = httpx.Client(transport=httpx.MockTransport(proxy), base_url="https://proxy.example")
        monkeypatch.setattr(preflight, "client", lambda url, key: made)
        return preflight.main(["https://proxy.example", "gpt-4o"], "sk-key")

    return run


type ExitStatus = Callable[[Callable[[httpx.Request], httpx.Response]], int]


@pytest.mark.parametrize("proxy", [holds_everything, has_a_pattern])
def test_a_proxy_that_holds_everything_passes(
    exit_status: ExitStatus,
    capsys: pytest.CaptureFixture[str],
    proxy: Callable[[httpx.Request], httpx.Response],
) -> None:
    assert exit_status(proxy) == 0
    assert capsys.readouterr().out.endswith("All are held.\n")


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        (takes_chosen_ids, "one call id for three calls of embeddings"),
        (merges_the_query, "parameters in the query"),
        (reads_unknown_parameters, "no-log in the body of chat"),
        (has_more_routes, "POST /key/generate"),
        (answers_any_name, "model named openai/gpt-4o"),
        (lists_models, "more calls by model: openai/gpt-4o,gpt-4o"),
    ],
)
def test_a_trick_that_is_let_through_is_named(
    exit_status: ExitStatus,
    capsys: pytest.CaptureFixture[str],
    proxy: Callable[[httpx.Request], httpx.Response],
    told: str,
) -> None:
    assert exit_status(proxy) == 1
    assert f"LET THROUGH  {told}: " in capsys.readouterr().out


def test_a_proxy_that_answers_no_honest_call_is_not_judged(exit_status: ExitStatus) -> None:
    assert exit_status(lambda request: httpx.Response(401, text=f"no {request.url}")) == 2


def test_a_proxy_that_does_not_answer_is_not_judged(exit_status: ExitStatus) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(CHOSEN_ID, request=request)

    assert exit_status(silent) == 2
