"""Appending statements to the log, and having its checkpoint cosigned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.errors import BrokenRuleError, WitnessUnavailableError
from flareflow.statements.models import Statement
from flareflow.statements.ports import Statements
from flareflow.transparency.notes import Checkpoint, NoteError, SignedCheckpoint
from flareflow.transparency.ports import LogFiles, OtherSizeError, Witness
from flareflow.transparency.proofs import EMPTY_ROOT
from flareflow.transparency.signing import NoteSigner
from flareflow.transparency.tiles import CHECKPOINT, KEY, LOG_PATH, Tile, TileTree, grown

STATEMENTS_PATH: Final = "/v1/statements/"
APPENDED_MAX: Final = 1_000
"""Statements that one tick appends; those of three days."""


@dataclass(frozen=True, slots=True)
class LogReport:
    """What one tick did. `size` counts all statements in the log, `missing` the witnesses that have not signed."""

    appended: int
    size: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishLog:
    """Append what was sealed since the last tick. The entry of a statement is its body.

    Tiles are written before the checkpoint that covers them, so whoever reads a checkpoint can read its tree. A tick
    that stops halfway has written what the next one writes again.
    """

    statements: Statements
    files: LogFiles
    signer: NoteSigner
    witnesses: Sequence[Witness]

    def run(self, now: datetime) -> LogReport:
        """Raises StorageUnavailableError, or BrokenRuleError when the stored log is not what was signed."""
        stored = self._stored()
        tree = self._tree(stored)
        entries = self._new_entries(tree)
        published = self._grow(tree, entries, now) if entries or stored is None else stored
        missing = [one for one in self.witnesses if not _has_signed(published, one)]
        if stored is None:
            self.files.replace(KEY, f"{self.signer.key.text}\n".encode())
        if entries or missing or stored is None:
            for witness in missing:
                published = self._cosigned(published, tree.size, witness)
            self.files.replace(CHECKPOINT, published.text.encode())
        absent = tuple(one.key.name for one in missing if not _has_signed(published, one))
        return LogReport(len(entries), published.checkpoint.size, absent)

    def _stored(self) -> SignedCheckpoint | None:
        content = self.files.read(CHECKPOINT)
        if content is None:
            return None
        try:
            stored = SignedCheckpoint.parse(content.decode())
            stored.check(self.signer.key)
        except ValueError as error:
            raise BrokenRuleError(f"the stored checkpoint is not ours: {error}") from error
        return stored

    def _tree(self, stored: SignedCheckpoint | None) -> TileTree:
        checkpoint = stored.checkpoint if stored else Checkpoint(self.signer.name, 0, EMPTY_ROOT)
        tree = TileTree(checkpoint.size, self._read)
        if tree.root != checkpoint.root:
            raise BrokenRuleError(f"the tiles of the log lead to another root than its checkpoint of {checkpoint.size}")
        return tree

    def _read(self, tile: Tile) -> bytes:
        content = self.files.read(tile.path)
        if content is None:
            raise BrokenRuleError(f"the log has no {tile.path}")
        return content

    def _new_entries(self, tree: TileTree) -> Sequence[bytes]:
        """The bodies of the statements after the last one in the log, oldest first."""
        [*_, last] = tree.entries(tree.size - 1, tree.size) if tree.size else [None]
        epoch = Statement.parse(last.decode()).epoch if last is not None else 0
        found = [self.statements.get(one) for one in self.statements.after(epoch, APPENDED_MAX)]
        return [statement.body.encode() for statement in found if statement is not None]

    def _grow(self, tree: TileTree, entries: Sequence[bytes], now: datetime) -> SignedCheckpoint:
        made = grown(tree, entries)
        for tile, content in made.items():
            self.files.write(tile.path, content)
        size = tree.size + len(entries)
        root = TileTree(size, lambda tile: made[tile] if tile in made else self._read(tile)).root
        checkpoint = Checkpoint(self.signer.name, size, root)
        return SignedCheckpoint(checkpoint, (self.signer.sign(checkpoint, now),))

    def _cosigned(self, published: SignedCheckpoint, old_size: int, witness: Witness) -> SignedCheckpoint:
        """With the witness's signature, if it gives one; asked again once where it has seen another size."""
        tree = TileTree(published.checkpoint.size, self._read)
        bare = SignedCheckpoint(published.checkpoint, published.signatures[:1])
        for _ in range(2):
            try:
                line = witness.cosign(old_size, tree.consistency_proof(old_size), bare)
                signed = published.with_signature(line)
                signed.check(witness.key)
            except OtherSizeError as error:
                if error.size > tree.size:
                    return published
                old_size = error.size
            except (WitnessUnavailableError, NoteError):
                return published
            else:
                return signed
        return published


def log_name(statement_url_prefix: str) -> str:
    """The name of the log, which is its URL without the scheme: that of the statements, with another last part."""
    return statement_url_prefix.removeprefix("https://").removesuffix(STATEMENTS_PATH) + LOG_PATH


def _has_signed(signed: SignedCheckpoint, witness: Witness) -> bool:
    return any(line.is_by(witness.key) for line in signed.signatures)
