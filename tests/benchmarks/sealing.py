"""How long sealing takes, what it reads and writes, and how much memory it needs.

`python -m tests.benchmarks.sealing` prints a table and writes `.local/bench/statements.json`. The use case is the real
one; documents, usage and settled totals are in memory and count their calls. In AWS each call to S3 takes about 30 ms,
16 at the same time, and each read of 100 items about 10 ms: that is added as `with_calls_seconds`.
"""

import json
import resource
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Final

from flareflow.metering.calls import NO_UNITS, Tokens
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.documents import Document
from flareflow.statements.growing import added
from flareflow.statements.ports import OpenEpoch, Settled
from flareflow.statements.sealing import SealEpoch
from flareflow.time import Epochs
from infra.paths import LOCAL
from tests.fakes.metering import FakePriceBooks, FakeReceiptKeys
from tests.fakes.statements import FakeStatements

EPOCH: Final = 5_984_400
EPOCHS: Final = Epochs()
CONTRACT: Final = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
NOON: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
CALLS_EACH: Final = 10
S3_CALL_SECONDS: Final = 0.03 / 16
BATCH_OF_ITEMS_SECONDS: Final = 0.01
KEYS_MAX: Final = 100


@dataclass(frozen=True)
class Case:
    """So many subscriptions, of which those with every `stride`-th id have used something, `changed` in all."""

    name: str
    subscriptions: int
    changed: int
    stride: int = 1

    @property
    def ids(self) -> Sequence[int]:
        return range(0, self.changed * self.stride, self.stride)


CASES: Final = (
    Case("100000_neighbours", 100_000, 5_000),
    Case("100000_spread", 100_000, 5_000, stride=20),
    Case("1000000_neighbours", 1_000_000, 50_000),
    Case("1000000_spread", 1_000_000, 50_000, stride=20),
    Case("1000000_all", 1_000_000, 1_000_000),
)


@dataclass
class Bucket:
    """`Documents` in memory. `read` and `written` count calls."""

    kept: dict[str, str] = field(default_factory=dict)
    read: int = 0
    written: int = 0

    def put(self, document: Document) -> str:
        self.written += 1
        return self.kept.setdefault(document.path, document.text)

    def put_all(self, documents: Sequence[Document]) -> None:
        for document in documents:
            self.put(document)

    def get(self, path: str) -> str:
        self.read += 1
        return self.kept[path]

    def get_all(self, paths: Sequence[str]) -> Sequence[str]:
        return [self.get(path) for path in paths]


@dataclass
class Metered:
    """`EpochUsage`: some subscriptions have used the same. `read` counts items: names of packs, and packs."""

    ids: Sequence[int]
    calls: int
    open: OpenEpoch
    read: int = 0

    def open_epoch(self) -> OpenEpoch:
        return self.open

    def close(self, epoch: int, next_epoch: int) -> None:
        self.open = OpenEpoch(next_epoch, sealing=epoch)

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        self.read += 2 * len(self.ids)
        usage = added(_events(0, self.calls))
        return dict.fromkeys(self.ids, usage)

    def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
        self.read += 2 * len(subscription_ids)
        return {one: _events(one, self.calls) for one in subscription_ids}

    def sealed(self, epoch: int) -> None:
        self.open = OpenEpoch(self.open.epoch, sealing=None)


def _events(subscription_id: int, calls: int) -> Sequence[UsageEvent]:
    tokens = Tokens(prompt=1_200, completion=340)
    return [
        UsageEvent(
            subscription_id=subscription_id,
            event_id=f"{subscription_id}-{number}",
            key_hash="ab" * 32,
            call_type="acompletion",
            model="gpt-5-nano",
            base_model=None,
            tokens=tokens,
            units=NO_UNITS,
            rated_microtokens=1_540_000_000,
            price_book_hash=bytes(32),
            cost_nanousd=452_000,
            started_at=NOON,
            ended_at=NOON,
        )
        for number in range(calls)
    ]


@dataclass
class NothingSettled:
    """`SettledTotals` before the first settlement. `read` counts items."""

    read: int = 0

    def of(self, subscription_ids: Iterable[int]) -> Mapping[int, Settled]:
        settled = {one: Settled() for one in subscription_ids}
        self.read += len(settled)
        return settled

    def due(self, now: datetime) -> Mapping[int, int]:
        return {}


@dataclass
class EverythingSettled(NothingSettled):
    """`SettledTotals` after all earlier totals were settled."""

    before: int = 0

    def of(self, subscription_ids: Iterable[int]) -> Mapping[int, Settled]:
        settled = {one: Settled(self.before) for one in subscription_ids}
        self.read += len(settled)
        return settled


def measure(case: Case) -> dict[str, float]:
    """Seal an epoch in which everybody used something, and one after all was settled; measure the next one."""
    books, documents, statements = FakePriceBooks(), Bucket(), FakeStatements()

    def seal(epoch: int, usage: Metered, settled: NothingSettled) -> None:
        assert SealEpoch(EPOCHS, usage, statements, documents, settled, books, FakeReceiptKeys(), CONTRACT).run(
            EPOCHS.end(epoch)
        )

    seal(EPOCH, Metered(range(case.subscriptions), 1, OpenEpoch(EPOCH, None)), NothingSettled())
    settled = EverythingSettled(before=added(_events(0, 1)).rated_microtokens)
    seal(EPOCH + 1, Metered([0], 1, OpenEpoch(EPOCH + 1, None)), settled)
    documents.read = documents.written = settled.read = 0
    usage = Metered(case.ids, CALLS_EACH, OpenEpoch(EPOCH + 2, None))
    start = time.process_time()
    seal(EPOCH + 2, usage, settled)
    seconds = time.process_time() - start
    items = usage.read + settled.read
    calls = documents.read + documents.written
    return {
        f"seal_{case.name}_cpu_seconds": round(seconds, 2),
        f"seal_{case.name}_with_calls_seconds": round(
            seconds + calls * S3_CALL_SECONDS + items / KEYS_MAX * BATCH_OF_ITEMS_SECONDS, 2
        ),
        f"seal_{case.name}_documents_read": documents.read,
        f"seal_{case.name}_documents_written": documents.written,
        f"seal_{case.name}_items_read": items,
        f"seal_{case.name}_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        f"seal_{case.name}_bucket_mb": round(sum(map(len, documents.kept.values())) / 2**20),
    }


def main() -> None:
    """Each case in a process of its own, so that its peak of memory is its own; that includes the whole bucket."""
    figures: dict[str, float] = {}
    for case in CASES:
        with get_context("spawn").Pool(1) as pool:
            measured = pool.apply(measure, [case])
        figures |= measured
        for name, figure in measured.items():
            sys.stdout.write(f"{figure:>12,}  {name}\n")
        sys.stdout.flush()
    folder = LOCAL / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "statements.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
