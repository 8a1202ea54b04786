"""The poll: it makes usage complete, since a push may be lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flareflow.metering.counting import ReadWindow
from flareflow.metering.models import PollReport, Window
from flareflow.metering.ports import SliceQueue, UsageEvents
from flareflow.time import Deadline, Epochs

SLICE_LENGTH: Final = timedelta(minutes=1)
SLICES_MAX: Final = 100
DROPPED_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class PollUsage:
    """Count every finished call since the last poll, once, whoever else is polling.

    The spend log is filtered by start times, and a row appears only after its call has ended. So each window begins
    `look_back` (the longest call and the delay of its row) before the moment up to which the last poll read.
    A pushed event that no poll has found for `push_grace` leaves the unconfirmed totals.
    """

    read_window: ReadWindow
    usage: UsageEvents
    slices: SliceQueue
    epochs: Epochs
    look_back: timedelta
    push_grace: timedelta

    def run(self, now: datetime, deadline: Deadline) -> PollReport:
        """Raises SpendLogUnavailableError or StorageUnavailableError; the next poll then begins where this one did."""
        self.usage.open_epoch_if_none(self.epochs.at(now))
        window = self._window(now)
        reading, rest = self.read_window.run(window, now, deadline)
        slices = rest.split(SLICE_LENGTH, SLICES_MAX) if rest else ()
        self.slices.send(slices)
        self.usage.advance_read_to(now)
        dropped = 0 if rest else self._drop_unconfirmed(now)
        return PollReport(reading, dropped, len(slices))

    def _window(self, now: datetime) -> Window:
        read_to = self.usage.read_to() or now
        return Window(min(read_to, now) - self.look_back, now)

    def _drop_unconfirmed(self, now: datetime) -> int:
        late = self.usage.unconfirmed(added_before=now - self.push_grace, limit=DROPPED_MAX)
        return self.usage.drop_unconfirmed(late, now)
