"""The pages of a sealed statement, with the path of each to the attested root."""

from collections.abc import Sequence
from dataclasses import dataclass

from flareflow.errors import BrokenRuleError
from flareflow.settlement.transactions import SettlePage
from flareflow.statements.models import PageKind, SettlementPage
from flareflow.statements.ports import Documents, Statements
from flareflow.statements.reading import read_index, read_pages


@dataclass(frozen=True, slots=True)
class SealedPages:
    """The pages that sealed statements commit to."""

    statements: Statements
    documents: Documents

    def of(self, epoch: int) -> Sequence[SettlePage]:
        """All pages of an epoch in order, each with its path to the settlement root.

        Raises BrokenRuleError when the epoch has no statement or its pages do not lead to its settlement root.
        """
        statement = self.statements.get(epoch)
        if statement is None:
            raise BrokenRuleError(f"epoch {epoch} is attested but has no statement")
        index = read_index(self.documents, statement, PageKind.SETTLEMENT)
        texts = read_pages(self.documents, list(index.hashes.values()))
        return [_settling(page, index.tree.path(page.number)) for page in map(SettlementPage.parse, texts)]


def _settling(page: SettlementPage, path: tuple[bytes, ...]) -> SettlePage:
    ids, rated_microtokens = zip(*page.entries, strict=True)
    return SettlePage(page.epoch, page.number, ids, rated_microtokens, path)
