"""A subscription's billed calls over time, and how far each is on its way: pending, sealed, settled."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from flareflow.accounts.models import CursorPage
from flareflow.accounts.ownership import require_owner
from flareflow.accounts.ports import Ledger
from flareflow.accounts.usage_queries import Dimension, Span, UsageState
from flareflow.metering.models import Usage, Window
from flareflow.metering.usage_events import RatedRecord, UsageEvent, usage_of, usage_of_record
from flareflow.settlement.subscription import Subscription
from flareflow.time import Clock


@dataclass(frozen=True, slots=True)
class StatedEvent:
    """A billed call, the epoch that it counts under, and how far that is."""

    event: UsageEvent
    epoch: int
    state: UsageState


class UsageHistory(Protocol):
    """The billed calls of a subscription by time. Each method reads a bounded amount."""

    def events(
        self, subscription: Subscription, window: Window, cursor: str | None, limit: int
    ) -> CursorPage[StatedEvent]:
        """Calls that began in the window, newest first; calls that began within ten minutes may change places.

        At least `limit` of them where there are more, and perhaps some more than that.
        """

    def waiting(self, subscription_id: int) -> Sequence[RatedRecord]:
        """Calls that the gate has told and that are not billed yet."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is summed together; a part that is not asked for is None. `start` is that of the day or hour, in UTC."""

    key_hash: str | None = None
    model: str | None = None
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class GroupedUsage:
    """The usage of a group by state."""

    group: Group
    pending: Usage
    sealed: Usage
    settled: Usage


@dataclass(frozen=True, slots=True)
class SummedUsage:
    """Sums over a part of the time, newest first. A group may go on in the next part: add what has the same group."""

    items: Sequence[GroupedUsage]
    next_cursor: str | None


EVENTS_LISTED: Final = 100
EVENTS_SUMMED: Final = 5_000
EVENTS_EXPORTED: Final = 5_000
"""A page may have a pack more; it is below the 6 MB that Lambda answers with."""


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Read the calls of a subscription in a window of time: one by one, or summed."""

    ledger: Ledger
    history: UsageHistory
    clock: Clock

    def list(self, caller: str, subscription_id: int, span: Span, cursor: str | None) -> CursorPage[StatedEvent]:
        """Raises NotFoundError `subscription_not_found`, InvalidRequestError `invalid_cursor`."""
        subscription = require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        return self.history.events(subscription, span.window(self.clock()), cursor, EVENTS_LISTED)

    def export(self, caller: str, subscription_id: int, span: Span, cursor: str | None) -> CursorPage[StatedEvent]:
        """A longer part of the same list. Raises as `list` does."""
        subscription = require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        return self.history.events(subscription, span.window(self.clock()), cursor, EVENTS_EXPORTED)

    def sums(
        self, caller: str, subscription_id: int, by: frozenset[Dimension], span: Span, cursor: str | None
    ) -> SummedUsage:
        """Raises NotFoundError `subscription_not_found`, InvalidRequestError `invalid_cursor`."""
        subscription = require_owner(self.ledger.subscription(subscription_id), caller, subscription_id)
        window = span.window(self.clock())
        page = self.history.events(subscription, window, cursor, EVENTS_SUMMED)
        parts = [*_of_events(page.items, by), *(() if cursor else self._of_waiting(subscription_id, window, by))]
        return SummedUsage(_summed(parts), page.next_cursor)

    def _of_waiting(self, subscription_id: int, window: Window, by: frozenset[Dimension]) -> Iterator["_Part"]:
        for record in self.history.waiting(subscription_id):
            call = record.call
            if window.start <= call.started_at <= window.end:
                group = _group(call.key_hash, call.answering_model, call.started_at, by)
                yield group, UsageState.PENDING, usage_of_record(record)


type _Part = tuple[Group, UsageState, Usage]


def _of_events(events: Iterable[StatedEvent], by: frozenset[Dimension]) -> Iterator[_Part]:
    for one in events:
        event = one.event
        usage = usage_of(event.tokens, event.rated_microtokens, event.cost_nanousd)
        yield _group(event.key_hash, event.model, event.started_at, by), one.state, usage


def _group(key_hash: str, model: str, started_at: datetime, by: frozenset[Dimension]) -> Group:
    start = None
    if Dimension.HOUR in by:
        start = started_at.replace(minute=0, second=0, microsecond=0)
    elif Dimension.DAY in by:
        start = started_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Group(key_hash if Dimension.KEY in by else None, model if Dimension.MODEL in by else None, start)


def _summed(parts: Iterable[_Part]) -> Sequence[GroupedUsage]:
    found: dict[Group, dict[UsageState, list[Usage]]] = defaultdict(lambda: defaultdict(list))
    for group, state, usage in parts:
        found[group][state].append(usage)
    return [_grouped(group, found[group]) for group in sorted(found, key=_order)]


def _grouped(group: Group, usage: Mapping[UsageState, Sequence[Usage]]) -> GroupedUsage:
    pending, sealed, settled = (Usage.sum(usage[state]) if usage.get(state) else Usage() for state in UsageState)
    return GroupedUsage(group, pending, sealed, settled)


def _order(group: Group) -> tuple[float, str, str]:
    """Newest first, then by model and key."""
    return -group.start.timestamp() if group.start else 0.0, group.model or "", group.key_hash or ""
