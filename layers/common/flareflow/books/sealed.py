"""What the statements say, from their documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flareflow.attestation.models import State
from flareflow.attestation.ports import Attestations
from flareflow.errors import BrokenRuleError
from flareflow.metering.models import Usage
from flareflow.statements.merkle import usage_tree
from flareflow.statements.models import NO_HASH
from flareflow.statements.ports import Documents, Statements

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
        stored = self.statements.get(epoch)
        if stored is None:
            raise BrokenRuleError(f"epoch {epoch} is listed and has no statement")
        statement, previous = stored.statement, self.statements.before(epoch)
        if statement.previous_statement_hash != (previous.statement.hash if previous else NO_HASH):
            raise BrokenRuleError(f"the statement of epoch {epoch} does not name the one before it")
        leaves = self.documents.leaves(epoch, statement.usage_root)
        if usage_tree(leaves).root != statement.usage_root:
            raise BrokenRuleError(f"the totals of epoch {epoch} do not lead to the statement's root")
        return {leaf.subscription_id: leaf.usage for leaf in leaves if leaf.epoch_of_last_change == epoch}

    def is_attested(self, epoch: int) -> bool:
        attestation = self.attestations.get(epoch)
        return attestation is not None and attestation.state in ATTESTED
