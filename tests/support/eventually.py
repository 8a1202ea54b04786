"""Waiting for what a running server does, on however slow a machine."""

from collections.abc import Callable
from typing import Final

from infra.waiting import until

WAIT_SECONDS_MAX: Final = 240.0
"""Only a server that never does it is waited for this long."""


def eventually[T](look: Callable[[], T | None]) -> T:
    """The first result of `look` that is true; fails when there is none in `WAIT_SECONDS_MAX`."""
    try:
        return until(lambda: look() or None, WAIT_SECONDS_MAX)
    except TimeoutError as error:
        raise AssertionError(f"not seen in {WAIT_SECONDS_MAX:.0f} s") from error
