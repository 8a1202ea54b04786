"""A real LiteLLM behind the gate, with its database and upstream, on ports that only tests use."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import PriceBook
from infra.local.demo.calls import CHAT_PATH
from infra.local.litellm import servers
from infra.local.ports import HOST, url
from infra.local.server import answers
from infra.waiting import until
from tests.support.eventually import WAIT_SECONDS_MAX
from tests.support.model_calls import patiently

PORT_BASE = "24500"
MASTER_KEY = "sk-master-of-these-tests"
PUSH_SECRET = "push-secret-of-these-tests"
CREDIT_PATH = "/internal/credit"
PLENTY = {
    "standing": "active",
    "held_microtokens": str(10**15),
    "left_microtokens": str(10**16),
    "lifetime_seconds": "180",
}
"""The lease that every key has here: of more than any test uses."""


@dataclass
class PushSink:
    """What the gate needs of FlareFlow's API: prices, credit and a place to push to. It keeps what was sent."""

    bodies: list[bytes] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen; the URL of the API."""
        server = ThreadingHTTPServer((HOST, 0), self._handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.authorizations.add(self.headers["authorization"])
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.path == CREDIT_PATH:
                    self._answer(json.dumps(PLENTY).encode())
                    return
                sink.bodies.append(body)
                self.send_response(202)
                self.end_headers()

            def do_GET(self) -> None:
                self._answer(PriceBook.load().canonical_json.encode())

            def _answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler


@dataclass(frozen=True)
class Proxy:
    """LiteLLM as a customer uses it, and what it pushed."""

    pushes: PushSink
    virtual_key: str

    @property
    def url(self) -> str:
        return url("litellm")

    @property
    def admin_url(self) -> str:
        return url("litellm_admin")

    def served(self) -> int:
        """How many calls the upstream has answered."""
        return len(httpx.get(f"{url('upstream')}/served", timeout=WAIT_SECONDS_MAX).raise_for_status().json())

    def recorded(self, key: str) -> list[Tokens]:
        """What the gate has handed over of a key, in the order of the calls' starts."""
        key_hash = hashlib.sha256(key.encode()).hexdigest()
        records = [record for body in list(self.pushes.bodies) for record in json.loads(body)]
        mine = {one["event_id"]: one for one in records if one["key_hash"] == key_hash}
        return [Tokens(**one["tokens"]) for one in sorted(mine.values(), key=lambda one: str(one["started_at"]))]

    def complete(self, model: str, prompt: str, max_tokens: int, *, stream: bool = False) -> httpx.Response:
        body: dict[str, object] = {"model": model, "max_tokens": max_tokens, "stream": stream}
        body |= {"messages": [{"role": "user", "content": prompt}]}
        return patiently("POST", f"{self.url}{CHAT_PATH}", self.virtual_key, body)


@contextmanager
def litellm_proxy(configuration: Path | None = None) -> Iterator[Proxy]:
    """A proxy with one virtual key, of the local stack's configuration or another; all is stopped at the end."""
    sink = PushSink()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack, sink.listening() as api_url:
        patch.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        litellm = servers.litellm(MASTER_KEY, api_url, PUSH_SECRET)
        if configuration:
            litellm = replace(litellm, env={**litellm.env, "CONFIG_FILE_PATH": str(configuration)})
        for server in (servers.postgres(), servers.upstream(), litellm):
            stack.callback(server.stop)
            server.start()
        until(answers(f"{url('litellm')}/health/readiness"), WAIT_SECONDS_MAX)
        yield Proxy(sink, virtual_key())


def virtual_key() -> str:
    """A new key of the running proxy."""
    response = httpx.post(
        f"{url('litellm_admin')}/key/generate",
        json={"key_type": "llm_api"},
        headers={"authorization": f"Bearer {MASTER_KEY}"},
        timeout=WAIT_SECONDS_MAX,
    )
    return str(json.loads(response.raise_for_status().content)["key"])
