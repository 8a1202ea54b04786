"""HTTP clients that end: each request after some seconds, all together after half an hour and 20,000 requests."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx

REQUEST_SECONDS_MAX: Final = 30.0
SILENCE_SECONDS_MAX: Final = 10.0
ALL_SECONDS_MAX: Final = 1_800.0
REQUESTS_MAX: Final = 20_000
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class SourceError(Exception):
    """A source gave no usable answer."""


class NotThereError(SourceError):
    """A source does not have what was asked for."""


@dataclass
class Budget:
    """How long all requests may take together, and how many there may be. Every client of a run shares one."""

    clock: Callable[[], float] = time.monotonic
    requests: int = 0
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def client(self, base_url: str = "", transport: httpx.BaseTransport | None = None) -> httpx.Client:
        """A client without redirects, of which every request counts. Raises SourceError for what is no address."""
        if base_url and not is_address(base_url):
            raise SourceError(f"{base_url[:200]!r} is no address; write it like https://statements.example")
        bounded = BoundedTransport(self, transport or httpx.HTTPTransport(retries=1))
        return httpx.Client(base_url=base_url, transport=bounded, timeout=SILENCE_SECONDS_MAX, follow_redirects=False)

    def take(self) -> float:
        """Count one more request; return the time at which it must have ended. Raises httpx.ReadTimeout."""
        now = self.clock()
        self.requests += 1
        if self.requests > REQUESTS_MAX or now > self.began + ALL_SECONDS_MAX:
            raise httpx.ReadTimeout(f"after {self.requests - 1} requests and {now - self.began:.0f} s it is too much")
        return min(now + REQUEST_SECONDS_MAX, self.began + ALL_SECONDS_MAX)


@dataclass
class BoundedTransport(httpx.BaseTransport):
    """Counts each request, and ends an answer that comes drop by drop."""

    budget: Budget
    inner: httpx.BaseTransport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        until = self.budget.take()
        response = self.inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        timed = _TimedStream(response.stream, until, self.budget.clock)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=timed, extensions=response.extensions
        )

    def close(self) -> None:
        self.inner.close()


@dataclass
class _TimedStream(httpx.SyncByteStream):
    stream: httpx.SyncByteStream
    until: float
    clock: Callable[[], float]

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.stream:
            if self.clock() > self.until:
                raise httpx.ReadTimeout(f"the answer took more than {REQUEST_SECONDS_MAX:.0f} s")
            yield chunk

    def close(self) -> None:
        self.stream.close()


def is_address(text: str) -> bool:
    """Whether a text is the address of a server."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)


def require_confidential(url: str) -> None:
    """Raises SourceError for an address to which a secret would be sent in the clear, but for this machine's own."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise SourceError(f"{url[:200]!r} is no address: {error}") from error
    if parts.scheme not in {"https", "wss"} and parts.hostname not in LOOPBACK:
        raise SourceError(f"{url} is not https, so no secret is sent there")
