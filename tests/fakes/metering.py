"""In-memory fakes of the metering package's ports: LiteLLM, its keys, the usage table and the queue."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flareflow.errors import BrokenRuleError, SpendLogUnavailableError, StorageUnavailableError
from flareflow.metering.models import (
    FinishedCall,
    LiveTotals,
    SpendPage,
    Subscriptions,
    Usage,
    UsageEvent,
    Window,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "ab" * 32


def finished_call(
    call_id: str,
    tokens: int = 10,
    *,
    key_hash: str = KEY,
    model: str = "gpt-4.1-mini",
    started_at: datetime = NOW - timedelta(minutes=1),
    took: timedelta = SECOND,
) -> FinishedCall:
    """A call whose prompt has all but one of its tokens."""
    return FinishedCall(call_id, key_hash, model, tokens - 1, 1, 7, started_at, started_at + took)


@dataclass
class FakeSpendLog:
    """`SpendLog`, which like LiteLLM widens a window to whole seconds.

    `row_delay` is how long after its end a call is in the log, as of `now`.
    """

    now: datetime = NOW
    row_delay: timedelta = timedelta()
    page_rows: int = 3
    calls: list[FinishedCall] = field(default_factory=list)
    unreadable: int = 0
    is_down: bool = False
    pages_read: int = 0

    def page(self, window: Window, number: int) -> SpendPage:
        if self.is_down:
            raise SpendLogUnavailableError("told to be down")
        self.pages_read += 1
        start, end = window.start.replace(microsecond=0), window.end.replace(microsecond=0) + SECOND
        rows = sorted(
            (call for call in self.calls if self._is_visible(call) and start <= call.started_at <= end),
            key=lambda call: call.started_at,
        )
        page = rows[(number - 1) * self.page_rows : number * self.page_rows]
        return SpendPage(tuple(page), is_last=len(page) < self.page_rows, unreadable=self.unreadable)

    def _is_visible(self, call: FinishedCall) -> bool:
        return call.ended_at + self.row_delay <= self.now


@dataclass
class FakeKeyDirectory:
    """`KeyDirectory`."""

    known: dict[str, int] = field(default_factory=lambda: {KEY: 1})

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        return {key_hash: self.known[key_hash] for key_hash in key_hashes & self.known.keys()}


@dataclass
class FakeUsageEvents:
    """`UsageEvents`; totals are computed from the events whenever somebody asks."""

    epoch: int | None = None
    counted: dict[str, tuple[int, UsageEvent]] = field(default_factory=dict)
    waiting: dict[str, tuple[datetime, UsageEvent]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    quarantined: dict[str, FinishedCall] = field(default_factory=dict)
    watermark: datetime | None = None

    def open_epoch_if_none(self, epoch: int) -> None:
        if self.epoch is None:
            self.epoch = epoch

    def count(self, events: Sequence[UsageEvent], now: datetime) -> int:
        if self.epoch is None:
            raise BrokenRuleError("no epoch is open")
        fresh = {
            event.call.litellm_call_id: event for event in events if event.call.litellm_call_id not in self.counted
        }
        for call_id, event in fresh.items():
            self.counted[call_id] = (self.epoch, event)
            self.waiting.pop(call_id, None)
        return len(fresh)

    def add_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        known = self.counted.keys() | self.waiting.keys() | self.dropped
        fresh = {event.call.litellm_call_id: event for event in events if event.call.litellm_call_id not in known}
        self.waiting |= {call_id: (now, event) for call_id, event in fresh.items()}
        return len(fresh)

    def unconfirmed(self, added_before: datetime, limit: int) -> Sequence[UsageEvent]:
        waiting = sorted(self.waiting.values(), key=lambda one: one[0])
        return [event for added_at, event in waiting if added_at < added_before][:limit]

    def drop_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        gone = {event.call.litellm_call_id for event in events} & self.waiting.keys()
        for call_id in gone:
            del self.waiting[call_id]
        self.dropped |= gone
        return len(gone)

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        self.quarantined |= {call.litellm_call_id: call for call in calls}

    def read_to(self) -> datetime | None:
        return self.watermark

    def advance_read_to(self, moment: datetime) -> None:
        self.watermark = max(moment, self.watermark or moment)

    def live(self, subscription_id: int) -> LiveTotals:
        """The totals as `UsageReader.live` gives them."""
        return LiveTotals(
            counted=_sum([event for _, event in self.counted.values()], subscription_id),
            unconfirmed=_sum([event for _, event in self.waiting.values()], subscription_id),
        )


@dataclass
class FakeSliceQueue:
    """`SliceQueue`; while it `is_down` it takes nothing."""

    sent: list[Window] = field(default_factory=list)
    is_down: bool = False

    def send(self, windows: Sequence[Window]) -> None:
        if self.is_down:
            raise StorageUnavailableError("told to be down")
        self.sent += windows


def _sum(events: Sequence[UsageEvent], subscription_id: int) -> Usage:
    return sum((event.usage for event in events if event.subscription_id == subscription_id), start=Usage())
