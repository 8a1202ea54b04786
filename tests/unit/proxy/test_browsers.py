"""Web pages call the gate as browsers let them."""

import asyncio
from typing import Any

import pytest

from flareflow_gate.asgi import Message, Receive, Scope, Send
from flareflow_gate.browsers import OpenToBrowsers
from tests.unit.proxy.gate_harness import GateHarness

ORIGIN = (b"origin", b"https://page.example")


def asked(gate: GateHarness, method: str, path: str, *headers: tuple[bytes, bytes]) -> tuple[int, dict[str, str]]:
    """The status and the headers that a page's browser gets."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    asyncio.run(OpenToBrowsers(gate.gate)(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_a_preflight_request_is_answered_with_the_headers_that_it_asks_for(gate: GateHarness) -> None:
    # Given a page of another origin that uses a client which sends headers of its own
    wanted = (b"access-control-request-headers", b"authorization,content-type,x-stainless-lang")
    method = (b"access-control-request-method", b"POST")
    # When its browser asks whether it may call
    status, headers = asked(gate, "OPTIONS", "/v1/chat/completions", ORIGIN, method, wanted)
    # Then it may, with these, and LiteLLM was not asked
    assert status == 204
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-headers"] == "authorization,content-type,x-stainless-lang"
    assert "access-control-allow-credentials" not in headers
    assert gate.litellm.requests == []


def test_a_page_reads_a_refusal_too(gate: GateHarness) -> None:
    status, headers = asked(gate, "POST", "/v1/chat/completions", ORIGIN)
    assert status == 401
    assert headers["access-control-allow-origin"] == "*"


def test_a_page_reads_what_a_call_cost_and_which_it_was(gate: GateHarness) -> None:
    _, headers = asked(gate, "GET", "/health/readiness", ORIGIN)
    exposed = headers["access-control-expose-headers"].split(", ")
    assert {"x-flareflow-event-id", "x-flareflow-cost", "x-flareflow-receipt"} <= set(exposed)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_who_is_no_browser_is_answered_as_ever(gate: GateHarness, method: str) -> None:
    _, headers = asked(gate, method, "/health/readiness")
    assert not [name for name in headers if name.startswith("access-control")]


def test_what_is_no_request_passes(gate: GateHarness) -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    async def never(*_: object) -> Any:
        raise AssertionError

    asyncio.run(OpenToBrowsers(app)({"type": "lifespan"}, never, never))
    assert seen == ["lifespan"]
