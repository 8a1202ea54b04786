"""What the public API serves: statements, pages with their paths, leaves with their proofs."""

from dataclasses import dataclass
from typing import Final

from flareflow.errors import NotFoundError
from flareflow.statements.merkle import PageTree, usage_tree
from flareflow.statements.models import Leaf, SettlementPage, StoredStatement
from flareflow.statements.ports import Documents, Statements

LIST_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list of statements."""

    epoch: int
    statement_hash: bytes


@dataclass(frozen=True, slots=True)
class StatementList:
    """Statements, newest first. `next_cursor` is the `before` of the next list; None at the end."""

    statements: tuple[Listed, ...]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class PageWithPath:
    """A page and the sibling hashes from it up to the settlement root."""

    page: SettlementPage
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LeafWithProof:
    """A leaf and the sibling hashes from it up to the usage root."""

    leaf: Leaf
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReadStatements:
    """Reads what is public. Raises NotFoundError for what is not sealed or does not exist."""

    statements: Statements
    documents: Documents

    def statement(self, epoch: int) -> StoredStatement:
        sealed = self.statements.get(epoch)
        if sealed is None:
            raise NotFoundError("statement_not_sealed", f"Epoch {epoch} has no sealed statement.")
        return sealed

    def newest_epoch(self) -> int | None:
        """The epoch of the newest statement; None before the first."""
        newest = self.statements.list(before=None, limit=1)
        return newest[0][0] if newest else None

    def newest_first(self, before: int | None) -> StatementList:
        """At most LIST_MAX statements; only of epochs before `before`, if given."""
        listed = tuple(Listed(*entry) for entry in self.statements.list(before, LIST_MAX))
        return StatementList(listed, listed[-1].epoch if len(listed) == LIST_MAX else None)

    def pages(self, epoch: int) -> tuple[PageWithPath, ...]:
        """All pages of an epoch, in order."""
        sealed = self.statement(epoch)
        root = sealed.statement.settlement_root
        pages = [self.documents.page(epoch, root, number) for number in range(sealed.page_count)]
        tree = PageTree.over(pages)
        return tuple(PageWithPath(page, tree.path(page.number)) for page in pages)

    def page(self, epoch: int, number: int) -> PageWithPath:
        pages = self.pages(epoch)
        if number >= len(pages):
            raise NotFoundError("page_not_found", f"The statement of epoch {epoch} has {len(pages)} pages.")
        return pages[number]

    def leaf(self, epoch: int, subscription_id: int) -> LeafWithProof:
        statement = self.statement(epoch).statement
        leaves = self.documents.leaves(epoch, statement.usage_root)
        for leaf in leaves:
            if leaf.subscription_id == subscription_id:
                return LeafWithProof(leaf, usage_tree(leaves).proof(leaf.hash))
        raise NotFoundError("leaf_not_found", f"Subscription {subscription_id} is not in epoch {epoch}.")
