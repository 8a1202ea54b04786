"""Connections to one address that was checked, whatever the name means by then, and not after a deadline."""

import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

type Left = Callable[[], float]
"""The seconds that are left. Raises httpcore.TimeoutException when there are none."""
type SocketOption = httpcore.SOCKET_OPTION


@dataclass(frozen=True)
class PinnedBackend(httpcore.NetworkBackend):
    """Connects to `address` instead of the host that a URL names, which is for TLS and the Host header alone."""

    address: str
    left: Left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        stream = httpcore.SyncBackend().connect_tcp(self.address, port, self.left(), local_address, socket_options)
        return BoundedStream(stream, self.left)


@dataclass(frozen=True)
class BoundedStream(httpcore.NetworkStream):
    """A stream of which each step ends when no time is left: many small steps take no longer than one."""

    stream: httpcore.NetworkStream
    left: Left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, self.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, self.left())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return BoundedStream(self.stream.start_tls(ssl_context, server_hostname, self.left()), self.left)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
