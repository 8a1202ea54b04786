"""Polling: makes usage complete, because pushes can be lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.metering.counting import ReadWindow
from flareflow.metering.models import PollReport, Window
from flareflow.metering.ports import SliceQueue, UsageEvents
from flareflow.time import Deadline, Epochs

SLICE_LENGTH: Final = timedelta(minutes=1)
SLICES_MAX: Final = 100
SWEPT_MAX: Final = 1000
"""Subscriptions that one poll looks at because their records wait for rows."""


@dataclass(frozen=True, slots=True)
class PollUsage:
    """Count every finished call since the last poll, once, also when several polls run at the same time.

    The spend log is filtered by start time, and a row appears only after its call has ended. So each window begins
    `look_back` (the longest call plus the delay of its row) before the moment up to which the last poll has read.
    A record that still has no row after `push_grace` is billed.
    """

    read_window: ReadWindow
    usage: UsageEvents
    slices: SliceQueue
    epochs: Epochs
    look_back: timedelta
    push_grace: timedelta

    def run(self, now: datetime, deadline: Deadline) -> PollReport:
        """Raises SpendLogUnavailableError, StorageUnavailableError, RaceLostError; the next poll repeats the window."""
        self.usage.open_epoch_if_none(self.epochs.at(now))
        window = self._window(now)
        reading, rest = self.read_window.run(window, now, deadline)
        slices = rest.split(SLICE_LENGTH, SLICES_MAX) if rest else ()
        self.slices.send(slices)
        self.usage.advance_read_to(now)
        alone = 0 if rest else self.usage.bill_alone(now - self.push_grace, SWEPT_MAX, now).counted
        return PollReport(reading, alone, len(slices))

    def _window(self, now: datetime) -> Window:
        read_to = self.usage.read_to() or now
        return Window(min(read_to, now) - self.look_back, now)
