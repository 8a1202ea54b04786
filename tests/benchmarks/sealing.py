"""How fast an epoch is sealed, beside the floor: one plain keccak256 for each hash that a statement cannot do without.

`python -m tests.benchmarks.sealing` prints a table and writes `.local/bench/statements.json`.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from flareflow.keccak import keccak256
from flareflow.metering.models import Usage
from flareflow.statements.merkle import PageTree, usage_tree
from flareflow.statements.models import PAGE_SUBSCRIPTIONS_MAX, Leaf
from flareflow.statements.sealing import added, paged
from infra.paths import LOCAL

SIZES: Final = (1_000, 10_000, 100_000)
REPEATS: Final = 3
EPOCH: Final = 5_984_400
CONTRACT: Final = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
DELTA: Final = Usage(1_200, 340, 2, 2_310_000_000, 4_520_000)
LEAF_BYTES: Final = 7 * 32
PAIR_BYTES: Final = 64


def leaves_before(subscriptions: int) -> Sequence[Leaf]:
    return [Leaf(subscription_id, EPOCH - 1, DELTA) for subscription_id in range(1, subscriptions + 1)]


def seal(before: Sequence[Leaf]) -> None:
    """All that sealing computes when every subscription was used and none is settled."""
    leaves = added(before, {leaf.subscription_id: DELTA for leaf in before}, EPOCH)
    pages = paged(CONTRACT, EPOCH, leaves)
    assert usage_tree(leaves).root != PageTree.over(pages).root


def floor(before: Sequence[Leaf]) -> None:
    """Two hashes a leaf, one a pair, and one a page of the usual length."""
    page = b"x" * len(paged(CONTRACT, EPOCH, before[:PAGE_SUBSCRIPTIONS_MAX])[0].text)
    leaf, pair, digest = b"x" * LEAF_BYTES, b"x" * PAIR_BYTES, b"x" * 32
    for _ in before:
        keccak256(leaf)
        keccak256(digest)
        keccak256(pair)
    for _ in range(0, len(before), PAGE_SUBSCRIPTIONS_MAX):
        keccak256(page)


def best_seconds(run: Callable[[Sequence[Leaf]], None], before: Sequence[Leaf]) -> float:
    return min(_seconds(run, before) for _ in range(REPEATS))


def _seconds(run: Callable[[Sequence[Leaf]], None], before: Sequence[Leaf]) -> float:
    start = time.perf_counter()
    run(before)
    return time.perf_counter() - start


def main() -> None:
    figures: dict[str, float] = {}
    sys.stdout.write(
        "| subscriptions | seconds | subscriptions per second | times the floor |\n| --- | --- | --- | --- |\n"
    )
    for size in SIZES:
        before = leaves_before(size)
        seconds, least = best_seconds(seal, before), best_seconds(floor, before)
        figures |= {f"seal_{size}_per_second": round(size / seconds), f"seal_{size}_ratio": round(seconds / least, 2)}
        sys.stdout.write(f"| {size:,} | {seconds:.3f} | {size / seconds:,.0f} | {seconds / least:.2f} |\n")
    folder = LOCAL / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "statements.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
