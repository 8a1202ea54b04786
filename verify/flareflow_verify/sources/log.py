"""The log of statements on the statements' host: its checkpoint, and proofs that are made from its tiles.

The tiles are not believed: what a proof made from them leads to is compared with the checkpoint's root.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flareflow.statements.models import Statement
from flareflow.transparency.notes import Checkpoint, NoteError, SignedCheckpoint
from flareflow.transparency.proofs import HASH_BYTES
from flareflow.transparency.tiles import CHECKPOINT, ENTRIES, LOG_PATH, Tile, TileTree, unpacked
from flareflow_verify.bundle import InLog
from flareflow_verify.sources.host import StatementHost
from flareflow_verify.sources.http import SourceError


@dataclass(frozen=True, slots=True)
class StatementLog:
    """Raises SourceError when the host gives no usable answer; NotThereError, one of them, without a log."""

    host: StatementHost

    def find(self, epoch: int, seen: Checkpoint | None) -> InLog:
        """The newest checkpoint, where the statement of an epoch is, and the proofs of both."""
        note = self.host.content(f"{LOG_PATH}/{CHECKPOINT}").decode("utf-8", errors="replace")
        try:
            size = SignedCheckpoint.parse(note).checkpoint.size
        except NoteError as error:
            raise SourceError(f"the statements' host served something that is no checkpoint: {error}") from error
        tree = TileTree(size, self._read)
        index = _place(epoch, tree)
        is_longer = seen is not None and seen.size <= size
        consistency = tree.consistency_proof(seen.size) if seen is not None and is_longer else []
        return InLog(
            checkpoint=note,
            index=index,
            inclusion=() if index is None else tuple(tree.inclusion_proof(index)),
            older_size=None if seen is None else seen.size,
            consistency=None if seen is None else tuple(consistency),
        )

    def _read(self, tile: Tile) -> bytes:
        content = self.host.content(f"{LOG_PATH}/{tile.path}")
        try:
            width = len(unpacked(content)) if tile.level == ENTRIES else len(content) / HASH_BYTES
        except ValueError as error:
            raise SourceError(f"{tile.path} of the log: {error}") from error
        if width != tile.width:
            raise SourceError(f"{tile.path} of the log has {width} parts")
        return content


def _place(epoch: int, tree: TileTree) -> int | None:
    """The index of the first entry of an epoch or a later one; None if the log ends before. Entries rise in epoch."""
    if not tree.size or _epoch_at(tree.size - 1, tree) < epoch:
        return None
    distance = _epoch_at(tree.size - 1, tree) - epoch
    guess = max(0, tree.size - 1 - distance)
    if _epoch_at(guess, tree) == epoch:
        return guess
    return _first(lambda index: _epoch_at(index, tree) >= epoch, guess, tree.size - 1)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first number for which something holds that holds for `high`, and for all above the first."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _epoch_at(index: int, tree: TileTree) -> int:
    [entry] = tree.entries(index, index + 1)
    try:
        return Statement.parse(entry.decode()).epoch
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SourceError(f"entry {index} of the log is no statement") from error
