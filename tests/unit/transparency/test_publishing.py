"""Publishing the log: each statement once, in order, whatever crashes, and never otherwise than witnesses have seen."""

from dataclasses import replace

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.statements.models import NO_HASH, Statement
from flareflow.transparency.notes import Checkpoint, NoteKey, SignedCheckpoint
from flareflow.transparency.proofs import check_consistency, check_inclusion, leaf_hash
from flareflow.transparency.publishing import LogReport, PublishLog, log_name
from flareflow.transparency.tiles import CHECKPOINT, KEY, Tile, TileTree
from tests.fakes.statements import CrashError, FakeStatements, Faults
from tests.fakes.transparency import LOG, NOON, FakeLogFiles, FakeWitness

FIRST = 1_000


def statement(epoch: int, total: int = 0) -> Statement:
    return Statement(epoch, 0, 300, NO_HASH, NO_HASH, 0, total, NO_HASH, NO_HASH, NO_HASH, NO_HASH)


class Publishing:
    """The use case on fakes, with one witness."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.statements = FakeStatements()
        self.files = FakeLogFiles(self.faults)
        self.witness = FakeWitness()

    def seal(self, count: int) -> None:
        first = FIRST + 2 * len(self.statements.kept)
        for epoch in range(first, first + 2 * count, 2):
            self.statements.put(statement(epoch))

    def tick(self) -> LogReport:
        return PublishLog(self.statements, self.files, LOG, [self.witness]).run(NOON)

    def tick_that_crashes(self, after_steps: int) -> bool:
        self.faults.crash_at = self.faults.steps + after_steps
        try:
            self.tick()
        except CrashError:
            return True
        finally:
            self.faults.crash_at = None
        return False

    @property
    def published(self) -> SignedCheckpoint:
        return SignedCheckpoint.parse(self.files.kept[CHECKPOINT].decode())

    @property
    def tree(self) -> TileTree:
        return TileTree(self.published.checkpoint.size, lambda tile: self.files.kept[tile.path])


@pytest.fixture
def publishing() -> Publishing:
    return Publishing()


def test_every_statement_is_in_the_log_in_the_order_of_epochs(publishing: Publishing) -> None:
    # Given statements that were sealed between ticks
    for count in (3, 0, 260):
        publishing.seal(count)
        assert publishing.tick().appended == count
    # Then the log has them all, and each is proven to be in it
    bodies = [one.body.encode() for _, one in sorted(publishing.statements.kept.items())]
    tree, checkpoint = publishing.tree, publishing.published.checkpoint
    assert list(tree.entries(0, 263)) == bodies
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (LOG.name, 263, tree.root)
    check_inclusion(leaf_hash(bodies[261]), 261, 263, tree.inclusion_proof(261), checkpoint.root)


def test_the_checkpoint_is_signed_by_the_log_and_its_witness(publishing: Publishing) -> None:
    publishing.seal(2)
    assert publishing.tick() == LogReport(2, 2, ())
    assert publishing.published.check(LOG.key) is None
    assert publishing.published.check(publishing.witness.key) == NOON
    assert NoteKey.parse(publishing.files.kept[KEY].decode().strip()) == LOG.key


def test_an_empty_log_is_published_too(publishing: Publishing) -> None:
    assert publishing.tick() == LogReport(0, 0, ())
    assert publishing.published.checkpoint.size == 0


def test_a_tick_without_news_writes_nothing(publishing: Publishing) -> None:
    publishing.seal(1)
    publishing.tick()
    steps = publishing.faults.steps
    publishing.tick()
    assert publishing.faults.steps == steps


def test_whatever_crashes_the_log_has_every_statement_once(publishing: Publishing) -> None:
    for after_steps in range(1, 40):
        publishing.seal(1)
        if not publishing.tick_that_crashes(after_steps):
            break
    publishing.tick()
    bodies = [one.body.encode() for _, one in sorted(publishing.statements.kept.items())]
    assert list(publishing.tree.entries(0, len(bodies))) == bodies
    assert publishing.witness.remembering.seen[0] == len(bodies)


def test_a_witness_that_was_down_signs_later(publishing: Publishing) -> None:
    # Given a witness that misses two checkpoints
    publishing.seal(1)
    publishing.tick()
    publishing.witness.is_down = True
    publishing.seal(5)
    assert publishing.tick().missing == ("witness.example",)
    publishing.seal(2)
    publishing.tick()
    # When it is back, Then it signs without news, from what it has seen last
    publishing.witness.is_down = False
    assert publishing.tick() == LogReport(0, 8, ())
    assert publishing.published.check(publishing.witness.key) == NOON


def test_a_witness_does_not_sign_another_history(publishing: Publishing) -> None:
    # Given a log that a witness has seen, and an operator who publishes another one in its place
    publishing.seal(3)
    publishing.tick()
    publishing.files.kept.clear()
    publishing.statements.kept[FIRST] = statement(FIRST, total=1)
    publishing.seal(1)
    # When the log grows, Then the witness refuses it
    assert publishing.tick().missing == ("witness.example",)
    assert publishing.witness.remembering.seen[0] == 3


def test_a_witness_does_not_sign_what_is_smaller(publishing: Publishing) -> None:
    publishing.seal(3)
    publishing.tick()
    publishing.files.kept.clear()
    del publishing.statements.kept[FIRST + 4]
    assert publishing.tick().missing == ("witness.example",)


@pytest.mark.parametrize("path", [CHECKPOINT, Tile(0, 0, 3).path])
def test_a_log_that_was_changed_is_not_continued(publishing: Publishing, path: str) -> None:
    publishing.seal(3)
    publishing.tick()
    content = publishing.files.kept[path]
    publishing.files.kept[path] = content[:40] + bytes([content[40] ^ 1]) + content[41:]
    publishing.seal(1)
    with pytest.raises(BrokenRuleError):
        publishing.tick()


def test_a_log_that_lacks_a_tile_is_not_continued(publishing: Publishing) -> None:
    publishing.seal(3)
    publishing.tick()
    del publishing.files.kept[Tile(0, 0, 3).path]
    with pytest.raises(BrokenRuleError, match="has no tile/0"):
        publishing.tick()


def test_a_signature_that_does_not_hold_is_not_published(publishing: Publishing) -> None:
    other = FakeWitness("other.example")
    publishing.witness.remembering.signer = replace(other.remembering.signer, name="witness.example")
    publishing.seal(1)
    lying = PublishLog(publishing.statements, publishing.files, LOG, [Liar(publishing.witness, FakeWitness().key)])
    assert lying.run(NOON).missing == ("witness.example",)
    assert len(publishing.published.signatures) == 1


class Liar:
    """A witness that signs with another key than it says."""

    def __init__(self, witness: FakeWitness, key: NoteKey) -> None:
        self.key = key
        self.cosign = witness.cosign


def test_checkpoints_of_different_ticks_are_consistent(publishing: Publishing) -> None:
    seen: list[Checkpoint] = []
    for count in (1, 2, 300, 1):
        publishing.seal(count)
        publishing.tick()
        seen.append(publishing.published.checkpoint)
    for old in seen:
        proof = publishing.tree.consistency_proof(old.size)
        check_consistency((old.size, old.root), (seen[-1].size, seen[-1].root), proof)


def test_the_log_is_named_by_its_address() -> None:
    assert log_name("https://api.example/v1/statements/") == "api.example/v1/log"
