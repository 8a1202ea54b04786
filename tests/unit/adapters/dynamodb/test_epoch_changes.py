"""A sealed or attested epoch is a change of every watched subscription whose usage is in its statement."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from flareflow.adapters.dynamodb.attestations import DynamoAttestations
from flareflow.adapters.dynamodb.epoch_changes import EpochChanges
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, STATEMENT
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.attestation.models import Attestation, Proof, State
from flareflow.realtime.changes import Change, EpochAttested, EpochSealed
from flareflow.realtime.models import Connection
from flareflow.statements.models import Statement
from flareflow.statements.usage_pages import PAGE_IDS
from tests.fakes.realtime import FakeConnections
from tests.support.memory_table import MemoryTable
from tests.support.stream_records import NUMBER, WRITTEN_AT, stream_record
from tests.unit.statements.sealing import Sealing

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATER = datetime(2026, 11, 25, tzinfo=UTC)
FAR = 9 * PAGE_IDS


@dataclass
class Epochs:
    """Statements as sealing makes them; subscriptions 1 and `FAR` are watched."""

    sealing: Sealing = field(default_factory=Sealing)
    connections: FakeConnections = field(default_factory=FakeConnections)

    def __post_init__(self) -> None:
        for subscription_id in (1, FAR):
            self.connections.watch(Connection("c1", "0x01", LATER), subscription_id)

    def sealed(self, **counted: int) -> Statement:
        """The statement of an epoch in which subscriptions used so many tokens."""
        for name, tokens in counted.items():
            self.sealing.count(FAR if name == "far" else int(name.removeprefix("s")), tokens)
        return self.sealing.seal()

    def changes(self, kind: Any, item: Any, epoch: int) -> list[Change]:
        reader = EpochChanges(self.connections, self.sealing.statements, self.sealing.documents, lambda: NOW)
        return list(reader.of(stream_record(kind.key(epoch=epoch) | item)))

    def of_statement(self, statement: Statement) -> list[Change]:
        return self.changes(STATEMENT, {"body": statement.body}, statement.epoch)

    def of_attestation(self, statement: Statement, proof: Proof | None) -> list[Change]:
        table = MemoryTable()
        attestation = Attestation(statement.epoch, statement.words, State.PROVEN, proof=proof)
        DynamoAttestations(table.as_table()).save(attestation)
        [item] = [item for item in table.items.values() if ATTESTATION.matches(item)]
        return self.changes(ATTESTATION, item, statement.epoch)


@pytest.fixture
def epochs() -> Epochs:
    return Epochs()


def test_a_statement_changes_what_is_watched_and_was_used_in_its_epoch(epochs: Epochs) -> None:
    # Given an epoch in which 1 and 2 were used, and another in which 2 and a far one were
    first = epochs.sealed(s1=10, s2=5)
    second = epochs.sealed(s2=1, far=7)
    # Then each is a change of the watched one that was used, with all of its usage so far
    assert epochs.of_statement(first) == [EpochSealed(NUMBER, WRITTEN_AT, 1, first.epoch, 10_000_000, first.hash)]
    assert epochs.of_statement(second) == [EpochSealed(NUMBER, WRITTEN_AT, FAR, second.epoch, 7_000_000, second.hash)]


def test_totals_are_cumulative(epochs: Epochs) -> None:
    epochs.sealed(s1=10)
    second = epochs.sealed(s1=3)
    assert epochs.of_statement(second) == [EpochSealed(NUMBER, WRITTEN_AT, 1, second.epoch, 13_000_000, second.hash)]


def test_a_proof_attests_all_usage_that_is_in_the_statement(epochs: Epochs) -> None:
    # Given two epochs, of which only the second was attested
    epochs.sealed(s1=10, s2=5)
    second = epochs.sealed(far=7)
    # When its proof is there, Then what was used before is attested as well
    assert epochs.of_attestation(second, Proof(123, 0, ())) == [
        EpochAttested(NUMBER, WRITTEN_AT, 1, second.epoch, 10_000_000, 123),
        EpochAttested(NUMBER, WRITTEN_AT, FAR, second.epoch, 7_000_000, 123),
    ]


def test_an_attestation_without_a_proof_or_a_statement_changes_nothing(epochs: Epochs) -> None:
    statement = epochs.sealed(s1=10)
    assert epochs.of_attestation(statement, None) == []
    del epochs.sealing.statements.kept[statement.epoch]
    assert epochs.of_attestation(statement, Proof(123, 0, ())) == []


def test_only_the_pages_of_what_is_watched_are_read_and_none_where_nobody_watches(epochs: Epochs) -> None:
    statement = epochs.sealed(s1=10, s600=5, far=7)
    epochs.sealing.documents.read.clear()
    epochs.of_statement(statement)
    assert len(epochs.sealing.documents.read) == 3  # the index and two of three pages
    epochs.sealing.documents.read.clear()
    epochs.connections.watches.clear()
    assert (epochs.of_statement(statement), epochs.sealing.documents.read) == ([], [])


def test_other_records_are_no_changes_of_an_epoch(epochs: Epochs) -> None:
    reader = EpochChanges(epochs.connections, epochs.sealing.statements, epochs.sealing.documents, lambda: NOW)
    assert reader.of(stream_record(LIVE_TOTALS.key(subscription_id=1))) == []
