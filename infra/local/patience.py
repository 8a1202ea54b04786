"""How long a starting server is waited for: on a busy machine longer than on an idle one."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tenacity import RetryCallState

QUIET_SECONDS_MAX: Final = 60.0
START_SECONDS_MAX: Final = 600.0
CPU_SECONDS_MIN: Final = 0.05
"""Less than this in `QUIET_SECONDS_MAX` is an idle process, not a slow start."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What shows that a server is doing something: the size of its log, and the processor time that it has used."""

    log_bytes: int
    cpu_seconds: float

    def show_work_since(self, earlier: "Signs") -> bool:
        return self.log_bytes != earlier.log_bytes or abs(self.cpu_seconds - earlier.cpu_seconds) >= CPU_SECONDS_MIN


@dataclass(slots=True)
class Patience:
    """Says after each attempt whether to give up: when there is no sign of work for a while, or after a long time."""

    look: Callable[[], Signs]
    clock: Callable[[], float] = time.monotonic
    reason: str = ""
    _began: float = field(init=False)
    _worked_at: float = field(init=False)
    _seen: Signs = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._worked_at = self.clock()
        self._seen = self.look()

    def __call__(self, _: RetryCallState) -> bool:
        now, signs = self.clock(), self.look()
        if signs.show_work_since(self._seen):
            self._seen, self._worked_at = signs, now
        if now - self._worked_at >= QUIET_SECONDS_MAX:
            self.reason = f"did nothing for {QUIET_SECONDS_MAX:.0f} s"
        elif now - self._began >= START_SECONDS_MAX:
            self.reason = f"was not ready in {START_SECONDS_MAX:.0f} s"
        return bool(self.reason)
