"""Reading the spend log: every finished call of a window is counted once, or kept in quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import FinishedCall, Reading, SpendPage, UsageEvent, Window
from flareflow.metering.ports import KeyDirectory, SliceQueue, SpendLog, UsageEvents
from flareflow.metering.price_book import PriceBook
from flareflow.time import Deadline

PAGES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class CountCalls:
    """Count finished calls of known keys; those of unknown keys are nobody's to pay and go to quarantine."""

    keys: KeyDirectory
    usage: UsageEvents
    price_book: PriceBook

    def run(self, calls: Sequence[FinishedCall], now: datetime) -> Reading:
        known = self.keys.subscriptions({call.key_hash for call in calls})
        events = [
            UsageEvent.rated_by(self.price_book, call, known[call.key_hash]) for call in calls if call.key_hash in known
        ]
        unknown = [call for call in calls if call.key_hash not in known]
        counted = self.usage.count(events, now)
        self.usage.quarantine(unknown, now)
        return Reading(seen=len(calls), counted=counted, quarantined=len(unknown))


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """Count the calls of a window, as far as the deadline and `PAGES_MAX` allow."""

    spend_log: SpendLog
    count_calls: CountCalls

    def run(self, window: Window, now: datetime, deadline: Deadline) -> tuple[Reading, Window | None]:
        """What was done, and the part of the window that is left, if any."""
        reading = Reading()
        reached = window.start
        for number in range(1, PAGES_MAX + 1):
            page = self.spend_log.page(window, number)
            reading += self._count(page, now)
            if page.is_last:
                return reading, None
            reached = max([reached, *(call.started_at for call in page.calls)])
            if deadline.is_near():
                break
        return reading, Window(min(reached, window.end), window.end)

    def _count(self, page: SpendPage, now: datetime) -> Reading:
        return self.count_calls.run(page.calls, now) + Reading(unreadable=page.unreadable)


@dataclass(frozen=True, slots=True)
class ReadSlice:
    """Read a window that a poll left to the queue; what is left of it goes to the queue again."""

    read_window: ReadWindow
    slices: SliceQueue

    def run(self, window: Window, now: datetime, deadline: Deadline) -> Reading:
        """Raises SpendLogUnavailableError when it got nowhere, so that the queue gives the window out again."""
        reading, rest = self.read_window.run(window, now, deadline)
        if rest == window:
            raise SpendLogUnavailableError(f"{window} could not be read any further than its first moment")
        if rest:
            self.slices.send([rest])
        return reading
