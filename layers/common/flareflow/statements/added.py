"""What each statement adds to that before it, read from the leaves that it commits to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flareflow.errors import BrokenRuleError
from flareflow.metering.models import Usage
from flareflow.statements.ports import Documents, Statements


@dataclass(frozen=True, slots=True)
class StatementTotals:
    """`metering.ports.SealedTotals` over statements and their documents."""

    statements: Statements
    documents: Documents

    def epochs_after(self, epoch: int, limit: int) -> Sequence[int]:
        return self.statements.after(epoch, limit)

    def added_by(self, epoch: int) -> Mapping[int, Usage]:
        """Raises BrokenRuleError for an epoch without a statement."""
        sealed = self.statements.get(epoch)
        if sealed is None:
            raise BrokenRuleError(f"epoch {epoch} has no statement")
        previous = self.statements.before(epoch)
        before = self._totals(previous.statement.epoch, previous.statement.usage_root) if previous else {}
        after = self._totals(epoch, sealed.statement.usage_root)
        added = {one: usage - before.get(one, Usage()) for one, usage in after.items()}
        return {one: usage for one, usage in added.items() if usage != Usage()}

    def _totals(self, epoch: int, usage_root: bytes) -> Mapping[int, Usage]:
        return {leaf.subscription_id: leaf.usage for leaf in self.documents.leaves(epoch, usage_root)}
