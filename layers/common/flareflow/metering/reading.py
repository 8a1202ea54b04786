"""Reading parts of the spend log, as far as the time allows. What is left comes back as slices, with nothing in doubt.

Windows are read oldest first, and after each full page reading goes on from the last start time that was read, so rows
that appear meanwhile do not shift pages. Only a second with more rows than a page holds is read page by page: there,
other orders of the same rows are read until as many different ones were seen as LiteLLM says there are.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Final

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import Window
from flareflow.metering.opening import of_tally
from flareflow.metering.ports import Cases, ReadingProgress, SpendLog
from flareflow.metering.rows import (
    BUCKET,
    IN_OTHER_ORDERS,
    SECOND,
    Listing,
    PageText,
    Reading,
    Slice,
    SpendPage,
    bucket_of,
)
from flareflow.metering.sorting import Seen, SortRows
from flareflow.time import Deadline

PAGES_MAX: Final = 400
"""Pages of one slice read by one invocation, not counting those of a crowded second."""
HELD_BYTES_MAX: Final = 24 * 1024 * 1024
"""So much text of pages is held: 16,000 rows of the usual length. With more, all of it is compressed, to about a tenth;
if that does not help, the rows are counted. Each time that rows are counted, each of their subscriptions is written."""
COUNTING_TAKES: Final = timedelta(milliseconds=25)
"""How long it may take to count the rows of one subscription."""
CROWDED_PAGES_MAX: Final = 50


class OutOfTimeError(Exception):
    """No time is left for another page."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a slice, what is left of it, and the error that ended the reading, if one did."""

    reading: Reading
    rest: tuple[Slice, ...] = ()
    error: SpendLogUnavailableError | None = None


@dataclass(slots=True)
class Pages:
    """Pages of the spend log, asked for only while the slowest page so far fits into the time that is left.

    `reserved`: how much of that time is needed for what was read.
    """

    spend_log: SpendLog
    deadline: Deadline
    reserved: timedelta = timedelta()
    read: int = 0
    slowest: timedelta = timedelta()

    def page(self, listing: Listing, window: Window, number: int = 1) -> SpendPage:
        """Raises OutOfTimeError, SpendLogUnavailableError."""
        if self.read and not self.deadline.allows(self.slowest + self.reserved):
            raise OutOfTimeError
        began = self.deadline.clock()
        page = self.spend_log.page(listing, window, number)
        self.slowest = max(self.slowest, self.deadline.clock() - began)
        self.read += 1
        return page


@dataclass(frozen=True, slots=True)
class ReadSlice:
    """Read one slice of the spend log; each row is billed once or set aside."""

    spend_log: SpendLog
    sort_rows: SortRows
    cases: Cases
    progress: ReadingProgress

    def run(self, part: Slice, now: datetime, deadline: Deadline) -> Read:
        """Raises SpendLogUnavailableError when not even the first page could be read."""
        reader = _Reader(Pages(self.spend_log, deadline), self.sort_rows, now, [part])
        error = reader.run()
        if error and not reader.pages.read:
            raise error
        reader.count()
        tallies = reader.seen.tallies()
        self.cases.open([of_tally(tally, now) for tally in tallies])
        if part.listing is Listing.ANSWERED:
            self.progress.record(reader.whole_buckets(part.window))
        return Read(reader.reading + Reading(tallied=sum(tally.count for tally in tallies)), tuple(reader.left), error)


@dataclass(slots=True)
class _Reader:
    """The reading of one slice: `left` is what is still to be read, the next part last."""

    pages: Pages
    sort_rows: SortRows
    now: datetime
    left: list[Slice]
    seen: Seen = field(default_factory=Seen)
    reading: Reading = field(default_factory=Reading)
    held: list[PageText] = field(default_factory=list)

    def run(self) -> SpendLogUnavailableError | None:
        """Read until nothing is left, time or pages run out, or LiteLLM cannot be asked; return the last's error."""
        try:
            while self.left and self.pages.read < PAGES_MAX:
                self._step(self.left[-1])
        except OutOfTimeError:
            return None
        except SpendLogUnavailableError as error:
            return error
        return None

    def _step(self, part: Slice) -> None:
        page = self.pages.page(part.listing, part.window)
        self._sort(page)
        if page.is_last:
            self.left.pop()
        elif part.listing is Listing.FAILED_WITH_TOKENS:
            self._halve(part)
        else:
            self._go_on(part, page)

    def _go_on(self, part: Slice, page: SpendPage) -> None:
        """Go on from the last second of the page, or after it if all of the page is in that second."""
        first = _second(part.window.start)
        last = _second(page.ends_at or first)
        if last <= first:
            self._read_crowded(part.listing, Window(first, first))
            last = first + SECOND
        self.left[-1:] = [replace(part, window=Window(last, part.window.end))] if last <= part.window.end else []

    def _halve(self, part: Slice) -> None:
        """Read a window that has more than a page of failures with tokens in two halves."""
        start, end = _second(part.window.start), part.window.end
        if end - start <= SECOND:
            self._read_crowded(part.listing, part.window)
            self.left.pop()
            return
        middle = _second(start + (end - start) / 2)
        self.left[-1:] = [replace(part, window=Window(middle, end)), replace(part, window=Window(start, middle))]

    def _read_crowded(self, listing: Listing, second: Window) -> None:
        """Read a second page by page, in one order after the other, until all of its rows were seen.

        Raises SpendLogUnavailableError when some were seen in none of the orders.
        """
        missing = 0
        seen: set[object] = set()
        for order in IN_OTHER_ORDERS if listing is Listing.ANSWERED else (listing,):
            for number in range(1, CROWDED_PAGES_MAX + 1):
                page = self.pages.page(order, second, number)
                self._sort(page)
                seen |= {(row.call.request_id, row.call.started_at) for row in page.rows}
                seen |= {one.identity for one in page.set_aside}
                if page.is_last:
                    break
            missing = (page.total or 0) - len(seen)
            if missing <= 0 or listing is Listing.FAILED_WITH_TOKENS:
                return
        raise SpendLogUnavailableError(f"{missing} rows of {second} are on no page of the spend log")

    def _sort(self, page: SpendPage) -> None:
        self.reading += self.sort_rows.run(page, self.seen, self.now)
        self.pages.reserved = COUNTING_TAKES * self.seen.subscriptions
        if page.text:
            self.held.append(page.text)
        if self._held_bytes > HELD_BYTES_MAX:
            for text in self.held:
                text.compress()
        if self._held_bytes > HELD_BYTES_MAX:
            self.count()

    @property
    def _held_bytes(self) -> int:
        return sum(text.held_bytes for text in self.held)

    def count(self) -> None:
        """Count what was read so far."""
        self.reading += self.sort_rows.count(self.seen, self.now)
        self.held.clear()

    def whole_buckets(self, window: Window) -> dict[datetime, int]:
        """For each bucket that was read as a whole: the number of its rows."""
        end = self.left[-1].window.start if self.left else window.end + SECOND
        first = bucket_of(window.start)
        first = first if first == _second(window.start) else first + BUCKET
        buckets = list(takewhile(lambda bucket: bucket + BUCKET <= end, (first + n * BUCKET for n in count())))
        starts = sorted([*(started_at for _, started_at in self.seen.identities), *self.seen.unreadable.values()])
        return {bucket: bisect_right(starts, bucket + BUCKET) - bisect_left(starts, bucket) for bucket in buckets}


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
