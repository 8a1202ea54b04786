"""Servers of the tests' own, apart from a local stack that runs on the same port base."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from infra.local.ports import port_base
from infra.local.server import Server


@contextmanager
def ports_apart(distance: int) -> Iterator[None]:
    """Inside, servers listen on ports so far from the local stack's."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLAREFLOW_PORT_BASE", str(port_base() + distance))
        yield


@contextmanager
def running(server: Server) -> Iterator[None]:
    """The server runs inside; afterwards it is stopped, unless it was running before."""
    was_running = server.process() is not None
    server.start()
    try:
        yield
    finally:
        if not was_running:
            server.stop()
