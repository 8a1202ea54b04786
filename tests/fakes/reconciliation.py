"""In-memory fakes of what the reconciliation needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flareflow.errors import SpendLogUnavailableError
from flareflow.metering.models import Usage
from flareflow.metering.spent import BilledCall, Compared, KeyLine, MarginLine, Sold, Spent


@dataclass
class FakeBilledCalls:
    """`BilledCalls`; what is stored of the subscriptions in `broken` cannot be read."""

    calls: dict[int, list[BilledCall]] = field(default_factory=dict)
    broken: dict[int, Exception] = field(default_factory=dict)

    def subscriptions(self, epoch: int) -> Sequence[int]:
        return sorted({call.subscription_id for call in self.calls.get(epoch, [])})

    def of(self, epoch: int, subscription_id: int) -> Iterator[BilledCall]:
        for call in self.calls.get(epoch, []):
            if call.subscription_id == subscription_id:
                yield call
        if subscription_id in self.broken:
            raise self.broken[subscription_id]


@dataclass
class FakeSealedTotals:
    """`SealedTotals`; what it says of an epoch is what was billed under it, unless `told` has another.

    The documents of the epochs in `broken` cannot be read.
    """

    billed: FakeBilledCalls
    told: dict[int, dict[int, Usage]] = field(default_factory=dict)
    broken: dict[int, Exception] = field(default_factory=dict)

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        return sorted(known for known in self.billed.calls if known > epoch)[:limit]

    def added_by(self, epoch: int) -> Mapping[int, Usage]:
        if epoch in self.broken:
            raise self.broken[epoch]
        added: dict[int, Usage] = {}
        for call in self.billed.calls.get(epoch, []):
            added[call.subscription_id] = added.get(call.subscription_id, Usage()) + call.usage
        return self.told.get(epoch, added)


@dataclass
class FakeKeySpend:
    """`KeySpend`."""

    days: dict[date, dict[str, Spent]] = field(default_factory=dict)
    total: dict[str, Spent] = field(default_factory=dict)
    is_down: bool = False

    def of_day(self, day: date) -> Mapping[str, Spent]:
        if self.is_down:
            raise SpendLogUnavailableError("told to be down")
        return self.days.get(day, {})

    def of_all_time(self) -> Mapping[str, Spent]:
        return self.total


@dataclass
class FakeReconciled:
    """`Reconciled`."""

    epoch: int = -1
    last_report: date | None = None
    seen: dict[str, datetime] = field(default_factory=dict)
    spent: dict[date | None, dict[str, Spent]] = field(default_factory=dict)
    last: dict[tuple[date | None, str], int] = field(default_factory=dict)
    sold_on: dict[date, dict[str, Sold]] = field(default_factory=dict)
    sold_until: dict[tuple[date, str], int] = field(default_factory=dict)
    noted: dict[tuple[date | None, str], tuple[datetime, Compared]] = field(default_factory=dict)
    settled: dict[tuple[date | None, str], Compared] = field(default_factory=dict)

    def through_epoch(self) -> int:
        return self.epoch

    def add(
        self, epoch: int, spent: Mapping[tuple[str, date | None], Spent], sold: Mapping[tuple[str, date], Sold]
    ) -> None:
        for (model, sold_on), what in sold.items():
            if self.sold_until.get((sold_on, model), -1) < epoch:
                models = self.sold_on.setdefault(sold_on, {})
                models[model] = models.get(model, Sold()) + what
                self.sold_until[sold_on, model] = epoch
        for (key_hash, day), one in spent.items():
            if self.last.get((day, key_hash), -1) < epoch:
                of_day = self.spent.setdefault(day, {})
                of_day[key_hash] = of_day.get(key_hash, Spent()) + one
                self.last[day, key_hash] = epoch
        self.epoch = epoch

    def sold(self, day: date) -> Mapping[str, Sold]:
        return dict(self.sold_on.get(day, {}))

    def seen_before(self, identity: str, before: datetime, now: datetime) -> bool:
        first = self.seen.get(identity, now)
        self.seen[identity] = first if now < first + timedelta(days=1) else now
        return self.seen[identity] <= before

    def reported(self) -> date | None:
        return self.last_report

    def note_report(self, day: date) -> None:
        self.last_report = day

    def billed(self, day: date | None) -> Mapping[str, Spent]:
        return dict(self.spent.get(day, {}))

    def compared_before(
        self, day: date | None, compared: Mapping[str, Compared], before: datetime, now: datetime
    ) -> Mapping[str, Compared]:
        for key_hash, numbers in compared.items():
            at, noted = self.noted.get((day, key_hash), (None, None))
            if at is None or at <= before:
                self.noted[day, key_hash] = (now, numbers)
                if noted:
                    self.settled[day, key_hash] = noted
        return {key: self.settled[day, key] for key in compared if (day, key) in self.settled}


@dataclass
class FakeReports:
    """`Reports`."""

    written: dict[date, Sequence[KeyLine]] = field(default_factory=dict)
    margins: dict[date, Sequence[MarginLine]] = field(default_factory=dict)

    def write(self, day: date, lines: Sequence[KeyLine], margins: Sequence[MarginLine]) -> None:
        self.written[day], self.margins[day] = lines, margins


@dataclass
class FakeJournalCheck:
    """`JournalCheck`; `turns` are those at which it was asked."""

    found: list[tuple[int, str]] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)

    def mismatches(self, turn: int) -> Sequence[tuple[int, str]]:
        self.turns.append(turn)
        return self.found
