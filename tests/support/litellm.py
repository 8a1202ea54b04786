"""A real LiteLLM proxy with its database and upstream, on ports that only tests use."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from infra.local.litellm import servers
from infra.local.ports import HOST, url
from tests.support.eventually import WAIT_SECONDS_MAX

PORT_BASE = "24500"
MASTER_KEY = "sk-master-of-these-tests"
PUSH_SECRET = "push-secret-of-these-tests"


@dataclass
class PushSink:
    """A server that LiteLLM pushes calls to; it keeps each body and the authorization."""

    bodies: list[bytes] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen; the URL to push to."""
        server = ThreadingHTTPServer((HOST, 0), self._handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_port}/internal/usage"
        finally:
            server.shutdown()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.authorizations.add(self.headers["authorization"])
                sink.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(202)
                self.end_headers()

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

    def complete(self, model: str, prompt: str, max_tokens: int, *, stream: bool = False) -> httpx.Response:
        body = {"model": model, "max_tokens": max_tokens, "stream": stream}
        return httpx.post(
            f"{self.url}/v1/chat/completions",
            json={**body, "messages": [{"role": "user", "content": prompt}]},
            headers={"authorization": f"Bearer {self.virtual_key}"},
            timeout=WAIT_SECONDS_MAX,
        )


@contextmanager
def litellm_proxy() -> Iterator[Proxy]:
    """A proxy with one virtual key; everything is stopped at the end."""
    sink = PushSink()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack, sink.listening() as push_url:
        patch.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        for server in (servers.postgres(), servers.upstream(), servers.litellm(MASTER_KEY, push_url, PUSH_SECRET)):
            stack.callback(server.stop)
            server.start()
        yield Proxy(sink, _virtual_key())


def _virtual_key() -> str:
    response = httpx.post(
        f"{url('litellm')}/key/generate",
        json={"key_type": "llm_api"},
        headers={"authorization": f"Bearer {MASTER_KEY}"},
        timeout=WAIT_SECONDS_MAX,
    )
    return str(json.loads(response.raise_for_status().content)["key"])
