"""In-memory fakes of what reads the spend log: LiteLLM, the cases, the progress, the queue, and who counts rows."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flareflow.errors import SpendLogUnavailableError, StorageUnavailableError
from flareflow.metering.calls import LoggedCall, SetAside, Tokens
from flareflow.metering.cases import Case
from flareflow.metering.models import Window
from flareflow.metering.rows import BUCKET, Listing, LoggedRow, Progress, Slice, SpendPage
from flareflow.metering.usage_events import CountReport, Difference, OwnedRow
from tests.fakes.metering import KEY, NOW, SECOND

COUNTED_MAX = 10_000


def logged_call(
    request_id: str,
    tokens: int = 10,
    *,
    key_hash: str = KEY,
    model: str = "gpt-4.1-mini",
    call_type: str = "acompletion",
    started_at: datetime = NOW - timedelta(minutes=1),
    took: timedelta = SECOND,
    failed: bool = False,
    cost_nanousd: int | None = 7,
    upstream_id: str | None = None,
) -> LoggedCall:
    """A call whose prompt has all but one of its tokens."""
    return LoggedCall(
        request_id=request_id,
        started_at=started_at,
        ended_at=started_at + took,
        key_hash=key_hash,
        call_type=call_type,
        model=model,
        tokens=Tokens(prompt=max(tokens - 1, 0), completion=min(tokens, 1)),
        cost_nanousd=cost_nanousd,
        call_id=f"call-of-{request_id}",
        upstream_id=upstream_id or request_id,
        failed=failed,
    )


def logged_row(call: LoggedCall) -> LoggedRow:
    return LoggedRow(call, lambda: json.dumps({"request_id": call.request_id}))


@dataclass
class FakeSpendLog:
    """`SpendLog`, which like LiteLLM widens a window to whole seconds and leaves equal rows in any order.

    `row_delay` is how long after its end a call is in the log, as of `now`. `takes` is told of every answer, and may
    move a clock.
    """

    now: datetime = NOW
    row_delay: timedelta = timedelta()
    page_rows: int = 3
    calls: list[LoggedCall] = field(default_factory=list)
    rows: list[LoggedRow] = field(default_factory=list)
    unreadable: list[SetAside] = field(default_factory=list)
    is_down: bool = False
    fails_from_page: int | None = None
    shuffles_ties: bool = False
    takes: Callable[[], None] = lambda: None
    pages_read: int = 0
    counts_asked: int = 0

    def page(self, listing: Listing, window: Window, number: int) -> SpendPage:
        self.takes()
        if self.is_down or (self.fails_from_page is not None and self.pages_read >= self.fails_from_page):
            raise SpendLogUnavailableError("told to be down")
        self.pages_read += 1
        rows = self._ordered(listing, window, number)
        page = rows[(number - 1) * self.page_rows : number * self.page_rows]
        return SpendPage(
            rows=tuple(row for row in page if isinstance(row, LoggedRow)),
            set_aside=tuple(row for row in page if isinstance(row, SetAside)),
            is_last=len(page) < self.page_rows,
            total=len(rows),
            ends_at=max((_start(row) for row in page), default=None),
        )

    def count(self, window: Window) -> int | None:
        self.takes()
        if self.is_down:
            raise SpendLogUnavailableError("told to be down")
        self.counts_asked += 1
        rows = len(self._ordered(Listing.ANSWERED, window, 1))
        return rows if rows <= COUNTED_MAX else None

    def _ordered(self, listing: Listing, window: Window, number: int) -> list[LoggedRow | SetAside]:
        start, end = window.start.replace(microsecond=0), window.end.replace(microsecond=0) + SECOND
        all_rows: list[LoggedRow | SetAside] = [*map(logged_row, self.calls), *self.rows, *self.unreadable]
        rows = [row for row in all_rows if self._is_listed(listing, row) and start <= _start(row) <= end]
        if self.shuffles_ties and number % 2 == 0:
            rows.reverse()
        return sorted(rows, key=lambda row: _sorted_by(listing, row))

    def _is_listed(self, listing: Listing, row: LoggedRow | SetAside) -> bool:
        if isinstance(row, SetAside):
            return listing not in {Listing.FAILED_WITH_TOKENS, Listing.FAILED_WITH_COST}
        call = row.call
        if call.ended_at + self.row_delay > self.now:
            return False
        match listing:
            case Listing.FAILED_WITH_TOKENS:
                return call.failed and call.tokens.total > 0
            case Listing.FAILED_WITH_COST:
                return call.failed and (call.cost_nanousd or 0) > 0
        return not call.failed


def _start(row: LoggedRow | SetAside) -> datetime:
    return (row.call.started_at if isinstance(row, LoggedRow) else row.at) or NOW


def _sorted_by(listing: Listing, row: LoggedRow | SetAside) -> float:
    if isinstance(row, SetAside):
        return _start(row).timestamp()
    match listing:
        case Listing.BY_END:
            return row.call.ended_at.timestamp()
        case Listing.BY_TOKENS:
            return row.call.tokens.total
        case Listing.BY_COST:
            return row.call.cost_nanousd or 0
        case Listing.FAILED_WITH_TOKENS:
            return -row.call.tokens.total
    return row.call.started_at.timestamp()


@dataclass
class FakeCases:
    """`Cases`; `writes` counts the items that were written, `asked` the calls with something to open."""

    opened: dict[str, Case] = field(default_factory=dict)
    decided: dict[str, Case] = field(default_factory=dict)
    writes: int = 0
    asked: int = 0

    def open(self, cases: Sequence[Case]) -> int:
        self.asked += bool(cases)
        there = {case_id: case.count for case_id, case in self.decided.items()}
        for case_id, case in self.opened.items():
            there[case_id] = max(case.count, there.get(case_id, 0))
        fresh = {case.id: case for case in cases if case.count > there.get(case.id, 0)}
        self.opened |= fresh
        self.writes += len(fresh)
        return len(fresh)

    def open_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        return [self.opened[case_id] for case_id in sorted(self.opened) if after is None or case_id > after][:limit]

    def find(self, case_id: str) -> Case | None:
        return self.opened.get(case_id) or self.decided.get(case_id)

    def decide(self, case: Case) -> None:
        self.opened.pop(case.id, None)
        self.decided[case.id] = case

    def forget(self, case: Case) -> None:
        self.opened.pop(case.id, None)

    def reasons(self) -> Mapping[str, int]:
        """The number of rows in open cases by reason."""
        found: dict[str, int] = {}
        for case in self.opened.values():
            found[str(case.reason)] = found.get(str(case.reason), 0) + case.count
        return found


@dataclass
class FakeReadingProgress:
    """`ReadingProgress`."""

    progress: Progress = field(default_factory=Progress)
    rows: dict[tuple[datetime, timedelta], int] = field(default_factory=dict)

    def load(self) -> Progress:
        return self.progress

    def advance(self, read_to: datetime | None, opened: Sequence[Slice], now: datetime) -> None:
        moments = [moment for moment in (self.progress.read_to, read_to) if moment]
        self.progress = Progress(max(moments, default=None), {**self.progress.sent, **dict.fromkeys(opened, now)})

    def replace(self, part: Slice, rest: Sequence[Slice], now: datetime) -> None:
        others = {one: sent for one, sent in self.progress.sent.items() if one != part}
        self.progress = Progress(self.progress.read_to, {**others, **dict.fromkeys(rest, now)})

    def record(self, rows: Mapping[datetime, int], length: timedelta = BUCKET) -> None:
        self.rows |= {(start, length): count for start, count in rows.items()}

    def known(self, starts: Sequence[datetime], length: timedelta) -> Mapping[datetime, int]:
        return {start: self.rows[start, length] for start in starts if (start, length) in self.rows}


@dataclass
class FakeSliceQueue:
    """`SliceQueue`; while it `is_down` it takes nothing."""

    sent: list[Slice] = field(default_factory=list)
    is_down: bool = False

    def send(self, slices: Sequence[Slice]) -> None:
        if self.is_down:
            raise StorageUnavailableError("told to be down")
        self.sent += slices


@dataclass
class FakeRowCounter:
    """`RowCounter`; a row is the same when its id and its start are."""

    rows: dict[tuple[str, datetime], OwnedRow] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    def count(self, rows: Sequence[OwnedRow], now: datetime) -> CountReport:
        fresh = {(row.call.request_id, row.call.started_at): row for row in rows}
        fresh = {identity: row for identity, row in fresh.items() if identity not in self.rows}
        self.rows |= fresh
        return CountReport(len(fresh), self.differences, self.set_aside)

    @property
    def ids(self) -> set[str]:
        return {request_id for request_id, _ in self.rows}

    def tokens(self, subscription_id: int = 1) -> int:
        return sum(row.call.tokens.total for row in self.rows.values() if row.subscription_id == subscription_id)
