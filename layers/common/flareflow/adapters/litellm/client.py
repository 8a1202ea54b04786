"""HTTP to LiteLLM's administration API with the master key."""

from collections.abc import Callable, Iterator
from typing import Final

import httpx

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
"""For functions behind an API, which end after 29 s."""


class MasterKey(httpx.Auth):
    """Bearer authentication. The key is read at each request, so a rotated key is used without a restart."""

    def __init__(self, value: Callable[[], str]) -> None:
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["authorization"] = f"Bearer {self._value()}"
        yield request


def litellm_client(url: str, master_key: Callable[[], str], read_seconds: float = READ_SECONDS) -> httpx.Client:
    """A client with one pool of connections and time limits; it follows no redirects."""
    timeout = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
    return httpx.Client(base_url=url, auth=MasterKey(master_key), timeout=timeout)
