"""Time as it is given to use cases: none of them looks at a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The wall clock, UTC; injected, so that only composition roots name it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment by which an invocation must have stopped."""

    at: datetime
    clock: Clock = utc_now
    margin: timedelta = timedelta(seconds=5)

    def is_near(self) -> bool:
        """True once too little is left to begin another step."""
        return self.clock() + self.margin >= self.at


@dataclass(frozen=True, slots=True)
class Epochs:
    """Numbered windows of equal length since the Unix epoch; five minutes in production."""

    seconds: int = 300

    def at(self, moment: datetime) -> int:
        """The epoch that `moment` lies in."""
        return int(moment.timestamp()) // self.seconds

    def start(self, epoch: int) -> datetime:
        return datetime.fromtimestamp(epoch * self.seconds, UTC)

    def end(self, epoch: int) -> datetime:
        """The first moment after the epoch."""
        return self.start(epoch + 1)
