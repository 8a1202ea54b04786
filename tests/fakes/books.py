"""Fakes of the ports of the books."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flareflow.books.rebuilt import RebuiltLedger, Record, record_of
from flareflow.metering.cases import Case
from flareflow.metering.models import LiveTotals, Usage
from flareflow.settlement.entries import Entry
from flareflow.statements.ports import OpenEpoch


@dataclass
class FakeStoredLedger:
    """`StoredLedger`: what a ledger in memory has and has handed on, after `changed` has spoiled some of it."""

    ledger: RebuiltLedger
    entries: Sequence[Entry]
    changed: Callable[[dict[tuple[str | int, ...], object]], None] = lambda _: None

    def read_to(self) -> int | None:
        return self.ledger.read_to()

    def records(self) -> Iterator[Record]:
        records = {**dict(map(record_of, self.entries)), **dict(self.ledger.records())}
        self.changed(records)
        yield from records.items()


@dataclass
class FakeSealedUsage:
    """`SealedUsage` of statements by epoch; `attested` are those that Flare has attested."""

    statements: dict[int, Mapping[int, Usage]] = field(default_factory=dict)
    attested: set[int] = field(default_factory=set)

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        return [known for known in sorted(self.statements) if known > epoch][:limit]

    def totals(self, epoch: int) -> Mapping[int, Usage]:
        return self.statements[epoch]

    def is_attested(self, epoch: int) -> bool:
        return epoch in self.attested


@dataclass
class FakeMeteredUsage:
    """`MeteredUsage`: what was added by epoch."""

    added: dict[int, dict[int, Usage]] = field(default_factory=dict)
    epoch: OpenEpoch | None = None
    uncounted: Usage = field(default_factory=Usage)

    def open_epoch(self) -> OpenEpoch | None:
        return self.epoch

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        return self.added.get(epoch, {})

    def live(self, subscription_id: int) -> LiveTotals:
        added = (deltas.get(subscription_id, Usage()) for deltas in self.added.values())
        return LiveTotals(counted=sum(added, start=self.uncounted))


@dataclass
class FakeAllCases:
    """`AllCases` in memory."""

    waiting: list[Case] = field(default_factory=list)
    decided: list[Case] = field(default_factory=list)

    def open_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        return _page(self.waiting, after, limit)

    def decided_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        return _page(self.decided, after, limit)


def _page(cases: Sequence[Case], after: str | None, limit: int) -> Sequence[Case]:
    return sorted((case for case in cases if after is None or case.id > after), key=lambda case: case.id)[:limit]
