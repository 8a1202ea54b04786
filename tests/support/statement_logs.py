"""The log of a world's statements, cosigned by one witness of three, and the policy of a reader who asks for one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flareflow.statements.models import NO_HASH, Statement
from flareflow.transparency.notes import KeyKind, SignedCheckpoint
from flareflow.transparency.policy import LogPolicy
from flareflow.transparency.publishing import PublishLog
from flareflow.transparency.tiles import CHECKPOINT, TileTree
from flareflow_verify.bundle import InLog
from tests.fakes.statements import FakeStatements
from tests.fakes.transparency import LOG, NOON, FakeLogFiles, FakeWitness, signer

EARLIER: Final = 5
"""Statements in the log some epochs before those of the world."""
POLICY_TEXT: Final = "\n".join(
    (
        f"log {LOG.key.text}",
        f"witness first {signer('witness.example', KeyKind.WITNESS).key.text}",
        f"witness second {signer('second.example', KeyKind.WITNESS).key.text}",
        f"witness third {signer('third.example', KeyKind.WITNESS).key.text}",
        "group all-of-them 1 first second third",
        "quorum all-of-them\n",
    )
)
POLICY: Final = LogPolicy.parse(POLICY_TEXT.encode())


@dataclass
class StatementLogs:
    """What the log was after all statements but the newest, and what it is."""

    statements: Mapping[int, Statement]
    files: FakeLogFiles = field(default_factory=FakeLogFiles)
    seen: SignedCheckpoint = field(init=False)
    newest: SignedCheckpoint = field(init=False)

    def __post_init__(self) -> None:
        first = min(self.statements)
        logged, witness = FakeStatements(), FakeWitness()
        publish = PublishLog(logged, self.files, LOG, [witness])
        for epoch in range(first - 2 * EARLIER, first - EARLIER):
            logged.put(Statement(epoch, 0, 300, NO_HASH, NO_HASH, 0, 0, NO_HASH, NO_HASH, NO_HASH, NO_HASH))
        for epoch in sorted(self.statements)[:-1]:
            logged.put(self.statements[epoch])
        publish.run(NOON)
        self.seen = self._checkpoint()
        logged.put(self.statements[max(self.statements)])
        publish.run(NOON)
        self.newest = self._checkpoint()

    def _checkpoint(self) -> SignedCheckpoint:
        return SignedCheckpoint.parse(self.files.kept[CHECKPOINT].decode())

    @property
    def tree(self) -> TileTree:
        return TileTree(self.newest.checkpoint.size, lambda tile: self.files.kept[tile.path])

    @property
    def in_log(self) -> InLog:
        """Where the newest statement is, for a reader who saw the log before it."""
        index, older_size = self.tree.size - 1, self.seen.checkpoint.size
        return InLog(
            checkpoint=self.newest.text,
            index=index,
            inclusion=tuple(self.tree.inclusion_proof(index)),
            older_size=older_size,
            consistency=tuple(self.tree.consistency_proof(older_size)),
        )
