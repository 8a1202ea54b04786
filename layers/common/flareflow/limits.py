"""How many requests of one kind a sender may make in a minute."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from flareflow.errors import TooManyRequestsError
from flareflow.time import Clock

WINDOW: Final = timedelta(minutes=1)


class RequestCounts(Protocol):
    """Counts of requests: by what is requested and who sends it (`counter`), and by window."""

    def count(self, counter: str, window_end: datetime, most: int) -> bool:
        """Count one request more; return False, without counting it, when there were `most` in the window."""


@dataclass(frozen=True, slots=True)
class LimitRequests:
    """Let at most `most` requests of a counter pass in each minute of the clock.

    A sender can make twice as many around the change of a minute. A request that is refused is not counted.
    """

    counts: RequestCounts
    clock: Clock

    def run(self, counter: str, most: int) -> None:
        """Raises TooManyRequestsError `too_many_requests`, which says after how many seconds to try again."""
        now = self.clock()
        window_end = _window_end(now)
        if not self.counts.count(counter, window_end, most):
            seconds = max(1, -((now - window_end) // timedelta(seconds=1)))
            raise TooManyRequestsError(f"At most {most} of these requests are answered in a minute.", seconds)


def _window_end(now: datetime) -> datetime:
    window = int(WINDOW.total_seconds())
    return datetime.fromtimestamp((int(now.timestamp()) // window + 1) * window, UTC)
