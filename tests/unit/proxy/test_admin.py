"""The second door: a few routes of LiteLLM's administration, for the master key alone."""

import asyncio
from typing import Any

import pytest

from flareflow_gate.admin import READINESS, ROUTES, Admin
from flareflow_gate.asgi import Message, Receive, Scope, Send
from flareflow_gate.callers import Caller
from tests.unit.proxy.gate_harness import KEY, MASTER_KEY


def status(method: str, path: str, key: str | None) -> int:
    """What a request is answered with; LiteLLM answers 200."""
    sent: list[Message] = []

    async def litellm(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": headers}
    admin = Admin(litellm, lambda key_hash: key_hash == Caller(MASTER_KEY).key_hash)
    asyncio.run(admin(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES))
def test_the_listed_routes_are_open_to_the_master_key_alone(method: str, path: str) -> None:
    assert status(method, path, MASTER_KEY) == 200
    assert status(method, path, KEY) == 401
    assert status(method, path, None) == 401


def test_readiness_needs_no_key() -> None:
    assert status(*READINESS, None) == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/config/update", "/ui", "/key/generate/", "/user/new"])
def test_all_other_routes_are_closed_to_the_master_key_too(path: str) -> None:
    assert status("POST", path, MASTER_KEY) == 404
    assert status("GET", path, MASTER_KEY) == 404
