"""Reading the spend log: every finished call of a window is counted once, or quarantined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.calls import LoggedCall, Tokens
from flareflow.metering.models import FinishedCall, Reading, SpendPage, Window
from flareflow.metering.ports import KeyDirectory, SliceQueue, SpendLog, UsageEvents
from flareflow.metering.price_book import PriceBook
from flareflow.metering.usage_events import RatedRow
from flareflow.time import Deadline

PAGES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class CountCalls:
    """Count finished calls of known keys, and quarantine those of unknown keys, which nobody can be billed for."""

    keys: KeyDirectory
    usage: UsageEvents
    price_book: PriceBook

    def run(self, calls: Sequence[FinishedCall], now: datetime) -> Reading:
        known = self.keys.subscriptions({call.key_hash for call in calls})
        rows = [
            RatedRow(known[call.key_hash], _logged(call), self.price_book.rate(call.model, call.tokens))
            for call in calls
            if call.key_hash in known
        ]
        unknown = [call for call in calls if call.key_hash not in known]
        report = self.usage.count(rows, now)
        self.usage.quarantine(unknown, now)
        return Reading(seen=len(calls), counted=report.counted, quarantined=len(unknown))


@dataclass(frozen=True, slots=True)
class ReadWindow:
    """Count the calls of a window, until the deadline is near or `PAGES_MAX` pages were read."""

    spend_log: SpendLog
    count_calls: CountCalls

    def run(self, window: Window, now: datetime, deadline: Deadline) -> tuple[Reading, Window | None]:
        """Return what was read, and the rest of the window, if any was left."""
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
    """Read a window from the queue; what is left of it is queued again."""

    read_window: ReadWindow
    slices: SliceQueue

    def run(self, window: Window, now: datetime, deadline: Deadline) -> Reading:
        """Raises SpendLogUnavailableError when nothing was read, so that the queue delivers the window again."""
        reading, rest = self.read_window.run(window, now, deadline)
        if rest == window:
            raise SpendLogUnavailableError(f"{window} cannot be read any further than its first moment")
        if rest:
            self.slices.send([rest])
        return reading


def _logged(call: FinishedCall) -> LoggedCall:
    """The call as a row: today's reading of the log knows of no other identity than the call id."""
    return LoggedCall(
        request_id=call.litellm_call_id,
        started_at=call.started_at,
        ended_at=call.ended_at,
        key_hash=call.key_hash,
        call_type="",
        model=call.model,
        tokens=Tokens(prompt=call.prompt_tokens, completion=call.completion_tokens),
        cost_nanousd=call.cost_nanousd,
        call_id=call.litellm_call_id,
    )
