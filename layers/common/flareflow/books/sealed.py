"""What the statements say, from their documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.attestation.models import State
from flareflow.attestation.ports import Attestations
from flareflow.errors import BrokenRuleError
from flareflow.metering.models import Usage
from flareflow.statements.models import NO_HASH, PageKind
from flareflow.statements.ports import Documents, Statements
from flareflow.statements.reading import read_index, read_totals

ATTESTED: Final = {State.PROVEN, State.CONFIRMED_ON_FLOW, State.SETTLED}


@dataclass(frozen=True, slots=True)
class StatementDocuments:
    """`books.ports.SealedUsage`: every document is checked against the statement's roots."""

    statements: Statements
    documents: Documents
    attestations: Attestations

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        return self.statements.after(epoch, limit)

    def totals(self, epoch: int) -> Mapping[int, Usage]:
        statement, previous = self.statements.get(epoch), self.statements.before(epoch)
        if statement is None:
            raise BrokenRuleError(f"epoch {epoch} is listed and has no statement")
        if statement.previous_statement_hash != (previous.hash if previous else NO_HASH):
            raise BrokenRuleError(f"the statement of epoch {epoch} does not name the one before it")
        index = read_index(self.documents, statement, PageKind.USAGE)
        totals = read_totals(self.documents, list(index.hashes.values()))
        return {one.subscription_id: one.usage for one in totals if one.epoch == epoch}

    def is_attested(self, epoch: int) -> bool:
        attestation = self.attestations.get(epoch)
        return attestation is not None and attestation.state in ATTESTED
