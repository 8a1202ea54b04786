"""Fakes of the statements package's ports: tables and a bucket in memory that can fail at any step."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime

from flareflow.errors import BrokenRuleError, RaceLostError, StorageUnavailableError
from flareflow.metering.calls import NO_UNITS, Tokens
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.documents import TEXT, Document, index_path, page_path
from flareflow.statements.growing import added
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind, SettlementPage, Statement
from flareflow.statements.ports import OpenEpoch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class CrashError(Exception):
    """The invocation ended here."""


@dataclass
class Faults:
    """Ends an invocation at one of its steps; each write has two, before and after it took effect."""

    steps: int = 0
    crash_at: int | None = None

    @contextmanager
    def around_write(self) -> Iterator[None]:
        self._step()
        yield
        self._step()

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.crash_at:
            raise CrashError


@dataclass
class FakeEpochUsage:
    """`EpochUsage` in memory; `count` adds a call as metering does."""

    faults: Faults = field(default_factory=Faults)
    pointer: OpenEpoch | None = None
    kept: dict[int, dict[int, list[UsageEvent]]] = field(default_factory=dict)

    def count(self, subscription_id: int, usage: Usage) -> None:
        """Add a call with this usage to the open epoch."""
        assert self.pointer is not None
        of_epoch = self.kept.setdefault(self.pointer.epoch, {}).setdefault(subscription_id, [])
        number = sum(len(events) for epoch in self.kept.values() for events in epoch.values())
        of_epoch.append(event_of(subscription_id, usage, f"call-{number}"))

    def open_epoch(self) -> OpenEpoch | None:
        return self.pointer

    def close(self, epoch: int, next_epoch: int) -> None:
        if self.pointer != OpenEpoch(epoch, sealing=None):
            raise RaceLostError(f"epoch {epoch} is not the open one")
        with self.faults.around_write():
            self.pointer = OpenEpoch(next_epoch, sealing=epoch)

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        return {one: added(events) for one, events in self.kept.get(epoch, {}).items()}

    def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
        return {one: self.kept.get(epoch, {}).get(one, []) for one in subscription_ids}

    def sealed(self, epoch: int) -> None:
        with self.faults.around_write():
            if self.pointer is not None and self.pointer.sealing == epoch:
                self.pointer = OpenEpoch(self.pointer.epoch, sealing=None)


def event_of(subscription_id: int, usage: Usage, event_id: str) -> UsageEvent:
    """A call with this usage."""
    assert usage.requests == 1
    return UsageEvent(
        subscription_id=subscription_id,
        event_id=event_id,
        key_hash="ab" * 32,
        call_type="acompletion",
        model="gpt-5-nano",
        base_model=None,
        tokens=Tokens(**{kind.name: getattr(usage, f"{kind.name}_tokens", 0) for kind in fields(Tokens)}),
        units=NO_UNITS,
        rated_microtokens=usage.rated_microtokens,
        price_book_hash=bytes(32),
        cost_nanousd=usage.cost_nanousd,
        started_at=NOON,
        ended_at=NOON,
    )


@dataclass
class FakeStatements:
    """`Statements`, of sealing and of attesting."""

    faults: Faults = field(default_factory=Faults)
    kept: dict[int, Statement] = field(default_factory=dict)

    def get(self, epoch: int) -> Statement | None:
        return self.kept.get(epoch)

    def before(self, epoch: int) -> Statement | None:
        earlier = [known for known in self.kept if known < epoch]
        return self.kept[max(earlier)] if earlier else None

    def newest(self) -> Statement | None:
        return self.kept[max(self.kept)] if self.kept else None

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        epochs = sorted((epoch for epoch in self.kept if before is None or epoch < before), reverse=True)
        return [(epoch, self.kept[epoch].hash) for epoch in epochs[:limit]]

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        return sorted(known for known in self.kept if known > epoch)[:limit]

    def put(self, statement: Statement) -> None:
        with self.faults.around_write():
            if self.kept.setdefault(statement.epoch, statement) != statement:
                raise BrokenRuleError(f"epoch {statement.epoch} has another statement already")


@dataclass
class FakeDocuments:
    """`Documents`; `read` and `written` name the paths of every call."""

    faults: Faults = field(default_factory=Faults)
    kept: dict[str, Document] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def keep_settlement_pages(self, epoch: int, pages: Sequence[SettlementPage]) -> None:
        """Store the settlement pages of a statement with their index, as sealing does."""
        self.put_all([Document(page_path(page.hash), page.text, TEXT) for page in pages])
        index = PageIndex("A.01.Subscriptions", epoch, PageKind.SETTLEMENT, {page.number: page.hash for page in pages})
        self.put(Document(index_path(epoch, PageKind.SETTLEMENT), index.text, TEXT))

    def put(self, document: Document) -> str:
        with self.faults.around_write():
            self.written.append(document.path)
            return self.kept.setdefault(document.path, document).text

    def put_all(self, documents: Sequence[Document]) -> None:
        for document in documents:
            self.put(document)

    def get(self, path: str) -> str:
        self.read.append(path)
        if path not in self.kept:
            raise StorageUnavailableError(f"there is no {path}")
        return self.kept[path].text

    def get_all(self, paths: Sequence[str]) -> Sequence[str]:
        return [self.get(path) for path in paths]
