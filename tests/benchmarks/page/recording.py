"""What the running stack answers to visitors of the page, and the same answers again once it has stopped."""

import gzip
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import BrowserContext, Response

from infra.local.aws.gateway.distribution import COMPRESSED_BYTES_MIN, COMPRESSED_TYPES
from infra.local.ports import HOST
from tests.support.browser import Visitor, chromium

OF_THE_CONNECTION: Final = frozenset(
    ("connection", "content-encoding", "content-length", "date", "keep-alive", "server", "transfer-encoding")
)
"""Headers that say how an answer was sent, and not what it is."""
FOR_OTHER_ORIGINS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "*",
}
"""What the Flow node says to the page before it is asked, which no browser tells its scripts of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is known again; `path` with its query."""

    port: int
    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, with the headers that say what it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: bytes) -> "Answer":
        kept = {name: value for name, value in headers.items() if name.lower() not in OF_THE_CONNECTION}
        return cls(status, kept, body)

    def compressed(self) -> "Answer":
        """As the distribution sends it to a browser; the answer itself where it compresses none of its kind."""
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        if kind.partition(";")[0] not in COMPRESSED_TYPES or len(self.body) < COMPRESSED_BYTES_MIN:
            return self
        return Answer(self.status, {**self.headers, "Content-Encoding": "gzip"}, gzip.compress(self.body))


type Recording = Mapping[Asked, Answer]


def recorded(address: str, views: Sequence[str], files: Sequence[str]) -> Recording:
    """What the stack answers to a visitor of each view, and for each file of the page. Fails where a view does."""
    answers: dict[Asked, Answer] = {}
    with httpx.Client(base_url=address) as client:
        for file in files:
            found = client.get(file).raise_for_status()
            answers[_asked("GET", str(found.url))] = Answer.of(found.status_code, found.headers, found.content)
    with chromium() as browser:
        for view in views:
            with Visitor.with_browser(browser) as visitor:
                seen = _responses(visitor.context)
                visitor.open(view)
                visitor.settle()
                visitor.page.wait_for_load_state("networkidle")
                answers |= {_asked_by(one): Answer.of(one.status, one.all_headers(), one.body()) for one in seen}
    return answers


@contextmanager
def replayed(recording: Recording) -> Iterator[None]:
    """Give these answers, compressed, on the ports that they came from; 404 to all else."""
    answers = {asked: answer.compressed() for asked, answer in recording.items()}
    with ExitStack() as running:
        for port in {asked.port for asked in answers}:
            server = ThreadingHTTPServer((HOST, port), _handler(port, answers))
            running.callback(server.server_close)
            running.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield


def _responses(context: BrowserContext) -> Sequence[Response]:
    """A list that every response of the context is added to."""
    seen: list[Response] = []

    def note(response: Response) -> None:
        seen.append(response)

    context.on("response", note)
    return seen


def _asked_by(response: Response) -> Asked:
    return _asked(response.request.method, response.url, response.request.post_data_buffer or b"")


def _asked(method: str, url: str, body: bytes = b"") -> Asked:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Asked(parts.port or 80, method, path, body)


def _handler(port: int, answers: Recording) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers as it was recorded."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(self._known("GET"))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(self._known("POST", body))

        def do_OPTIONS(self) -> None:
            self._send(Answer(204, FOR_OTHER_ORIGINS, b""))

        def log_message(self, *_: Any, **__: Any) -> None:
            """Say nothing."""

        def _known(self, method: str, body: bytes = b"") -> Answer:
            return answers.get(Asked(port, method, self.path, body), Answer(404, {}, b""))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

    return Handler
