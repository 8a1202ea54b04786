"""Ending a command that has started servers: they are stopped, whatever signal ends it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
INTERRUPTED: Final = 130
"""The exit code of a command that was interrupted."""


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt inside, as SIGINT does, so that what was started is cleaned up.

    Only the first of them does: `timeout` and `make` send several, and another must not break off the clean-up.
    """
    before = {number: signal.signal(number, _interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _: FrameType | None) -> None:
    for later in ENDING:
        signal.signal(later, signal.SIG_IGN)
    raise KeyboardInterrupt(signal.Signals(number).name)
