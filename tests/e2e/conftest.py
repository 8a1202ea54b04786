"""One stack for all of these tests."""

import io
from collections.abc import Iterator
from typing import Final

import pytest
from rich.console import Console

from infra.local import stack
from infra.local.launch import Facts

PORT_BASE: Final = "15000"


@pytest.fixture(scope="package")
def running() -> Iterator[Facts]:
    """A whole stack, on ports that only these tests use."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLAREFLOW_PORT_BASE", PORT_BASE)
        try:
            yield stack.up(Console(file=io.StringIO()))
        finally:
            stack.down()
