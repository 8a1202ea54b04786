"""Small servers on loopback that receive what webhooks are sent."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

HOST: Final = "127.0.0.1"
WAIT_SECONDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Received:
    """One request; names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A server that notes each request, and answers it with the status that `answers` says by its number, from 0."""

    port: int
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hook"


@contextmanager
def receiving(
    answers: Callable[[int], int] = lambda _: 200, port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver until the end of the block."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                number = len(receiver.received)
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
            status = answers(number)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"http://{HOST}:{receiver.port}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
            return

    server = ThreadingHTTPServer((HOST, port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(WAIT_SECONDS_MAX)


@contextmanager
def answering(piece: bytes, *, times: int, pause: threading.Event, seconds: float) -> Iterator[Receiver]:
    """A server that sends a piece of an answer so often, with a pause before each, to the one who connects."""
    with socket.create_server((HOST, 0)) as server:
        receiver = Receiver(server.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as request:
                    # All is read: what is left would reset the connection.
                    lines = list(iter(request.readline, b"\r\n"))
                    [length] = [line for line in lines if line.lower().startswith(b"content-length:")]
                    request.read(int(length.partition(b":")[2]))
                    for _ in range(times):
                        if pause.wait(seconds):
                            return
                        connection.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            pause.set()
            server.close()
            thread.join(WAIT_SECONDS_MAX)
