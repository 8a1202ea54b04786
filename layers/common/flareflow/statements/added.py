"""What each statement adds to that before it, read from the pages that it commits to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flareflow.errors import BrokenRuleError
from flareflow.metering.models import Usage
from flareflow.statements.models import PageKind, Statement
from flareflow.statements.ports import Documents, Statements
from flareflow.statements.reading import read_index, read_totals


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """`metering.ports.SealedTotals` over statements and their documents."""

    statements: Statements
    documents: Documents

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        return self.statements.after(epoch, limit)

    def added_by(self, epoch: int) -> Mapping[int, Usage]:
        """Only the pages that differ are read. Raises BrokenRuleError for an epoch without a statement."""
        sealed = self.statements.get(epoch)
        if sealed is None:
            raise BrokenRuleError(f"epoch {epoch} has no statement")
        after, before = self._hashes(sealed), self._hashes(self.statements.before(epoch))
        changed = [number for number, digest in after.items() if before.get(number) != digest]
        later = {
            one.subscription_id: one.usage
            for one in read_totals(self.documents, [after[number] for number in changed])
            if one.epoch == epoch
        }
        for one in read_totals(self.documents, [before[number] for number in changed if number in before]):
            if one.subscription_id in later:
                later[one.subscription_id] -= one.usage
        return {one: usage for one, usage in later.items() if usage != Usage()}

    def _hashes(self, statement: Statement | None) -> Mapping[int, bytes]:
        return read_index(self.documents, statement, PageKind.USAGE).hashes if statement else {}
