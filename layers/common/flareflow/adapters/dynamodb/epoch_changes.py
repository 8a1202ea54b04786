"""Stream records of StatementsTable, decoded into what they mean to each subscription that somebody watches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flareflow.adapters.dynamodb.attestations import attestation_of
from flareflow.adapters.dynamodb.statement_kinds import ATTESTATION, STATEMENT
from flareflow.adapters.dynamodb.stream_records import Record, item_in, made
from flareflow.realtime.changes import Change, EpochAttested, EpochSealed
from flareflow.realtime.ports import Connections
from flareflow.statements.models import Statement
from flareflow.statements.ports import Documents, Statements
from flareflow.statements.reading import read_totals_of
from flareflow.statements.usage_pages import Totals
from flareflow.time import Clock


@dataclass(frozen=True, slots=True)
class EpochChanges:
    """Reads the totals of watched subscriptions from the public documents: the index, and the pages they are on."""

    connections: Connections
    statements: Statements
    documents: Documents
    clock: Clock

    def of(self, record: Record) -> Sequence[Change]:
        """Changes of what was used in a new statement, or of all usage in one for which there is a proof now.

        Raises StorageUnavailableError.
        """
        new = item_in(record, "NewImage")
        if STATEMENT.matches(new):
            return list(self._sealed(*made(record), Statement.parse(str(new["body"]))))
        if ATTESTATION.matches(new):
            return list(self._attested(*made(record), str(new["record"])))
        return []

    def _sealed(self, number: int, at: datetime, statement: Statement) -> Iterator[EpochSealed]:
        for one in self._watched_totals(statement):
            if one.epoch == statement.epoch:
                total = one.usage.rated_microtokens
                yield EpochSealed(number, at, one.subscription_id, statement.epoch, total, statement.hash)

    def _attested(self, number: int, at: datetime, record: str) -> Iterator[EpochAttested]:
        attestation = attestation_of(record)
        statement = self.statements.get(attestation.epoch)
        if statement is not None and attestation.proof is not None:
            for one in self._watched_totals(statement):
                total, voting_round = one.usage.rated_microtokens, attestation.proof.voting_round
                yield EpochAttested(number, at, one.subscription_id, statement.epoch, total, voting_round)

    def _watched_totals(self, statement: Statement) -> Iterator[Totals]:
        watched = set(self.connections.watched(self.clock()))
        return read_totals_of(self.documents, statement, watched)
