"""Clocks, deadlines and epochs. Use cases never read the system's clock; they are given the time or a clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]

type Pause = Callable[[float], None]
"""Waits so many seconds; `time.sleep` outside of tests."""


def utc_now() -> datetime:
    """The system's clock in UTC. Only composition roots use it; all other code is given a `Clock`."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a function's invocation must end. `margin` is the time kept free for the step that is running."""

    at: datetime
    clock: Clock = utc_now
    margin: timedelta = timedelta(seconds=5)

    def is_near(self) -> bool:
        """True when no more than `margin` is left, so that no further step should begin."""
        return self.clock() + self.margin >= self.at

    def allows(self, step: timedelta) -> bool:
        """True when a step that takes so long ends before `margin` begins."""
        return self.clock() + step + self.margin < self.at


@dataclass(frozen=True, slots=True)
class Epochs:
    """Windows of `seconds` each, numbered from 0 at the Unix epoch; 300 s in production."""

    seconds: int = 300

    def at(self, moment: datetime) -> int:
        """The number of the epoch that contains `moment`."""
        return int(moment.timestamp()) // self.seconds

    def start(self, epoch: int) -> datetime:
        """The first moment of the epoch, in UTC."""
        return datetime.fromtimestamp(epoch * self.seconds, UTC)

    def end(self, epoch: int) -> datetime:
        """The first moment after the epoch."""
        return self.start(epoch + 1)
