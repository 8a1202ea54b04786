"""Fakes of the statements package's ports: tables and a bucket in memory that can fail at any step."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from flareflow.errors import BrokenRuleError, RaceLostError, StorageUnavailableError
from flareflow.metering.models import Usage
from flareflow.statements.models import Leaf, SettlementPage, Statement, StoredStatement
from flareflow.statements.ports import OpenEpoch


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
    """`EpochUsage` in memory; `count` adds usage as metering does."""

    faults: Faults = field(default_factory=Faults)
    pointer: OpenEpoch | None = None
    added: dict[int, dict[int, Usage]] = field(default_factory=dict)

    def count(self, subscription_id: int, usage: Usage) -> None:
        """Add to the open epoch."""
        assert self.pointer is not None
        epoch = self.added.setdefault(self.pointer.epoch, {})
        epoch[subscription_id] = epoch.get(subscription_id, Usage()) + usage

    def open_epoch(self) -> OpenEpoch | None:
        return self.pointer

    def close(self, epoch: int, next_epoch: int) -> None:
        if self.pointer != OpenEpoch(epoch, sealing=None):
            raise RaceLostError(f"epoch {epoch} is not the open one")
        with self.faults.around_write():
            self.pointer = OpenEpoch(next_epoch, sealing=epoch)

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        return dict(self.added.get(epoch, {}))

    def sealed(self, epoch: int) -> None:
        with self.faults.around_write():
            if self.pointer is not None and self.pointer.sealing == epoch:
                self.pointer = OpenEpoch(self.pointer.epoch, sealing=None)


@dataclass
class FakeStatements:
    """`Statements`, of sealing and of attesting."""

    faults: Faults = field(default_factory=Faults)
    kept: dict[int, StoredStatement] = field(default_factory=dict)

    def get(self, epoch: int) -> StoredStatement | None:
        return self.kept.get(epoch)

    def before(self, epoch: int) -> StoredStatement | None:
        earlier = [known for known in self.kept if known < epoch]
        return self.kept[max(earlier)] if earlier else None

    def newest(self) -> Statement | None:
        return self.kept[max(self.kept)].statement if self.kept else None

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        epochs = sorted((epoch for epoch in self.kept if before is None or epoch < before), reverse=True)
        return [(epoch, self.kept[epoch].statement.hash) for epoch in epochs[:limit]]

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        return sorted(known for known in self.kept if known > epoch)[:limit]

    def put(self, sealed: StoredStatement) -> None:
        with self.faults.around_write():
            if self.kept.setdefault(sealed.statement.epoch, sealed) != sealed:
                raise BrokenRuleError(f"epoch {sealed.statement.epoch} has another statement already")


@dataclass
class FakeDocuments:
    """`Documents`."""

    faults: Faults = field(default_factory=Faults)
    kept_leaves: dict[tuple[int, bytes], Sequence[Leaf]] = field(default_factory=dict)
    kept_pages: dict[tuple[int, bytes, int], SettlementPage] = field(default_factory=dict)

    def put_leaves(self, epoch: int, usage_root: bytes, leaves: Sequence[Leaf]) -> None:
        with self.faults.around_write():
            self.kept_leaves[epoch, usage_root] = tuple(leaves)

    def leaves(self, epoch: int, usage_root: bytes) -> Sequence[Leaf]:
        if (epoch, usage_root) not in self.kept_leaves:
            raise StorageUnavailableError(f"there are no leaves of epoch {epoch}")
        return self.kept_leaves[epoch, usage_root]

    def put_page(self, settlement_root: bytes, page: SettlementPage) -> None:
        with self.faults.around_write():
            self.kept_pages[page.epoch, settlement_root, page.number] = page

    def page(self, epoch: int, settlement_root: bytes, number: int) -> SettlementPage:
        if (epoch, settlement_root, number) not in self.kept_pages:
            raise StorageUnavailableError(f"there is no page {number} of epoch {epoch}")
        return self.kept_pages[epoch, settlement_root, number]
