"""The pages of a sealed statement, with the path of each to the attested root."""

from collections.abc import Sequence
from dataclasses import dataclass

from flareflow.errors import BrokenRuleError
from flareflow.settlement.transactions import SettlePage
from flareflow.statements.merkle import PageTree
from flareflow.statements.models import SettlementPage
from flareflow.statements.ports import Documents, Statements


@dataclass(frozen=True, slots=True)
class SealedPages:
    """The pages that sealed statements commit to."""

    statements: Statements
    documents: Documents

    def of(self, epoch: int) -> Sequence[SettlePage]:
        """All pages of an epoch in order, each with its path to the settlement root.

        Raises BrokenRuleError when the epoch has no statement or the pages do not lead to its settlement root.
        """
        sealed = self.statements.get(epoch)
        if sealed is None:
            raise BrokenRuleError(f"epoch {epoch} is attested but has no statement")
        root = sealed.statement.settlement_root
        pages = [self.documents.page(epoch, root, number) for number in range(sealed.page_count)]
        tree = PageTree.over(pages)
        if tree.root != root:
            raise BrokenRuleError(f"the pages of epoch {epoch} lead to the root {tree.root.hex()}")
        return [_settling(page, tree.path(page.number)) for page in pages]


def _settling(page: SettlementPage, path: tuple[bytes, ...]) -> SettlePage:
    ids, rated_microtokens = zip(*page.entries, strict=True)
    return SettlePage(page.epoch, page.number, ids, rated_microtokens, path)
