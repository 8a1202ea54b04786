"""Polling: makes usage complete. What one poll cannot read is queued as slices, and stays open until it was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.opening import cases_of
from flareflow.metering.ports import Cases, ReadingProgress, SliceQueue, UsageEvents
from flareflow.metering.reading import Read, ReadSlice
from flareflow.metering.rows import Listing, Progress, Reading, Slice, bucket_of
from flareflow.metering.usage_events import CountReport
from flareflow.time import Deadline, Epochs

POLLED: Final = (Listing.ANSWERED, Listing.FAILED_WITH_TOKENS, Listing.FAILED_WITH_COST)
SLICE_LENGTH: Final = timedelta(minutes=1)
SLICES_MAX: Final = 100
OPEN_SLICES_MAX: Final = 1_000
"""With so many open, what a poll cannot read stays one slice: the progress is one item of bounded size."""
PATIENCE: Final = timedelta(minutes=30)
"""How long a queued slice may stay unread before it is queued again."""
RESENT_MAX: Final = 20
SWEPT_MAX: Final = 1000
"""Subscriptions that one poll looks at because their records wait for rows."""


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll did: `billed_alone` is a number of records, `slices` the number of slices that were queued.

    `open_slices` are all that are still to be read, `resent` those of them that nobody had read for half an hour.
    `behind_seconds`: how long ago the moment is up to which everything was read.
    """

    reading: Reading
    billed_alone: int
    slices: int
    open_slices: int
    resent: int
    behind_seconds: int


@dataclass(frozen=True, slots=True)
class PollUsage:
    """Count every call since the last poll, once, also when several polls run at the same time.

    The spend log is filtered by start time, and a row appears only after its call has ended. So each window begins
    `look_back` (the longest call plus the delay of its row) before the moment up to which the last poll has read.
    A record that still has no row after `push_grace` is billed.
    """

    read_slice: ReadSlice
    usage: UsageEvents
    cases: Cases
    progress: ReadingProgress
    slices: SliceQueue
    epochs: Epochs
    look_back: timedelta
    push_grace: timedelta

    def run(self, now: datetime, deadline: Deadline) -> PollReport:
        """Raises SpendLogUnavailableError, StorageUnavailableError, RaceLostError; the next poll repeats the window."""
        self.usage.open_epoch_if_none(self.epochs.at(now))
        before = self.progress.load()
        reading, rest = self._read(self._window(before, now), now, deadline)
        left = _split(rest) if len(before.sent) < OPEN_SLICES_MAX else rest
        unanswered = before.unanswered(now - PATIENCE)[:RESENT_MAX]
        self.progress.advance(now, [*left, *unanswered], now)
        self.slices.send([*left, *unanswered])
        alone = 0 if left else self._bill_alone(now)
        after = self.progress.load()
        behind = now - (after.complete_to or now)
        return PollReport(
            reading, alone, len(left), len(after.sent), len(unanswered), max(0, round(behind.total_seconds()))
        )

    def _window(self, progress: Progress, now: datetime) -> Window:
        """Begins with a whole bucket, so that the rows of all but the last buckets are counted."""
        read_to = progress.read_to or now
        return Window(bucket_of(min(read_to, now) - self.look_back), now)

    def _read(self, window: Window, now: datetime, deadline: Deadline) -> tuple[Reading, list[Slice]]:
        """Read the listings one after the other; once something is left of one, the next ones are left as a whole."""
        reading, left = Reading(), list[Slice]()
        for listing in POLLED:
            part = Slice(window, listing)
            read = Read(Reading(), (part,)) if left else self.read_slice.run(part, now, deadline)
            reading += read.reading
            left += read.rest
        return reading, left

    def _bill_alone(self, now: datetime) -> int:
        def tell(report: CountReport) -> None:
            self.cases.open(cases_of(report, now))

        return self.usage.bill_alone(now - self.push_grace, SWEPT_MAX, now, tell)


def _split(parts: Sequence[Slice]) -> list[Slice]:
    """The same in slices short enough for one invocation; failures are few."""
    return [
        Slice(window, part.listing)
        for part in parts
        for window in (
            part.window.split(SLICE_LENGTH, SLICES_MAX) if part.listing is Listing.ANSWERED else (part.window,)
        )
    ]


@dataclass(frozen=True, slots=True)
class ReadQueuedSlice:
    """Read an open slice from the queue; what is left of it stays open and is queued again."""

    read_slice: ReadSlice
    progress: ReadingProgress
    slices: SliceQueue

    def run(self, part: Slice, now: datetime, deadline: Deadline) -> Reading:
        """Does nothing for a slice that is not open: it was read before.

        Raises SpendLogUnavailableError when nothing was read, so that the queue delivers the slice again.
        """
        if part not in self.progress.load().sent:
            return Reading()
        read = self.read_slice.run(part, now, deadline)
        if read.rest == (part,):
            raise SpendLogUnavailableError(f"nothing of {part} could be read in the time that was left")
        self.progress.replace(part, read.rest, now)
        self.slices.send(read.rest)
        return read.reading
