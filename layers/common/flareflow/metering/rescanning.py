"""Re-scans: find rows that appeared after the polls had read their window.

LiteLLM says how many rows a window has in one short answer. A window whose count is what was read of it has nothing
new; any other is looked at in parts, down to five minutes, and only those are read again, by the queue.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flareflow.metering.models import Window
from flareflow.metering.ports import ReadingProgress, SliceQueue, SpendLog
from flareflow.metering.rows import BUCKET, Listing, Slice, bucket_of, window_of
from flareflow.time import Deadline

LENGTHS: Final = (timedelta(days=1), timedelta(hours=1), BUCKET)


@dataclass(frozen=True, slots=True)
class RescanReport:
    """`asked` is the number of counts that LiteLLM was asked for, `slices` that of windows queued to be read again.

    `is_complete`: whether time sufficed for the whole reach.
    """

    asked: int
    slices: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Rescan:
    """Look at everything from `reach` ago up to what polls still read, and queue what has changed."""

    spend_log: SpendLog
    progress: ReadingProgress
    slices: SliceQueue
    reach: timedelta
    look_back: timedelta

    def run(self, now: datetime, deadline: Deadline) -> RescanReport:
        """Raises SpendLogUnavailableError, StorageUnavailableError; the next re-scan looks at the same again."""
        window = Window(bucket_of(now - self.reach, LENGTHS[0]), bucket_of(now - self.look_back))
        scan = _Scan(self.spend_log, self.progress, deadline, window)
        for day in spans(window.start, window.end, LENGTHS[0]):
            scan.look(day, 0)
        failures = [Slice(window, listing) for listing in (Listing.FAILED_WITH_TOKENS, Listing.FAILED_WITH_COST)]
        found = [Slice(window_of(bucket)) for bucket in scan.changed]
        self.progress.advance(None, [*found, *failures], now)
        self.slices.send([*found, *failures])
        return RescanReport(scan.asked, len(found), scan.is_complete)


@dataclass(slots=True)
class _Scan:
    """One look at the windows between two moments, larger ones first."""

    spend_log: SpendLog
    progress: ReadingProgress
    deadline: Deadline
    window: Window
    asked: int = 0
    slowest: timedelta = timedelta()
    is_complete: bool = True
    changed: list[datetime] = field(default_factory=list)

    def look(self, start: datetime, level: int) -> bool:
        """Whether all of the span from `start` is known; what is not is in `changed` then."""
        length = LENGTHS[level]
        if length == BUCKET:
            return self._look_at_bucket(start)
        is_whole = start + length <= self.window.end
        rows = self._count(start, length) if is_whole else None
        if rows is not None and self._is_known(start, length, rows):
            return True
        parts = spans(start, min(start + length, self.window.end), LENGTHS[level + 1])
        all_known = [self.look(part, level + 1) for part in parts].count(False) == 0
        if all_known and self.is_complete and rows is not None:
            self.progress.record({start: rows}, length)
        return all_known

    def _look_at_bucket(self, start: datetime) -> bool:
        rows = self._count(start, BUCKET)
        if not self.is_complete:
            return False
        if rows is not None and self._is_known(start, BUCKET, rows):
            return True
        self.changed.append(start)
        return False

    def _is_known(self, start: datetime, length: timedelta, rows: int) -> bool:
        return rows == 0 or self.progress.known([start], length).get(start) == rows

    def _count(self, start: datetime, length: timedelta) -> int | None:
        if self.asked and not self.deadline.allows(self.slowest):
            self.is_complete = False
        if not self.is_complete:
            return None
        began = self.deadline.clock()
        rows = self.spend_log.count(window_of(start, length))
        self.slowest = max(self.slowest, self.deadline.clock() - began)
        self.asked += 1
        return rows


def spans(start: datetime, end: datetime, length: timedelta) -> Iterator[datetime]:
    """The starts of the spans of `length` from `start` to `end`, the newest first."""
    number = math.ceil((end - start) / length)
    return reversed([start + index * length for index in range(number)])
