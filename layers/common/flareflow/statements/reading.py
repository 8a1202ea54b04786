"""Reading what a statement commits to, checked against its roots."""

from collections.abc import Collection, Iterator, Sequence
from itertools import batched
from typing import Final

from flareflow.errors import BrokenRuleError
from flareflow.keccak import keccak256
from flareflow.statements.documents import index_path, page_path
from flareflow.statements.indexes import PageIndex
from flareflow.statements.models import PageKind, Statement
from flareflow.statements.ports import Documents
from flareflow.statements.usage_pages import Totals, UsagePage, page_of

PAGES_AT_ONCE: Final = 32
"""Usage pages that are in memory at the same time."""


def read_index(documents: Documents, statement: Statement, kind: PageKind) -> PageIndex:
    """The index of a statement's pages. Raises BrokenRuleError when it does not lead to the statement's root."""
    index = PageIndex.parse(documents.get(index_path(statement.epoch, kind)))
    if index.tree.root != statement.root_of(kind):
        raise BrokenRuleError(f"the {kind} index of epoch {statement.epoch} does not lead to its root")
    return index


def read_pages(documents: Documents, hashes: Sequence[bytes]) -> Sequence[str]:
    """The texts of pages, in order. Raises BrokenRuleError when one has another hash."""
    texts = documents.get_all([page_path(digest) for digest in hashes])
    for digest, text in zip(hashes, texts, strict=True):
        if keccak256(text.encode()) != digest:
            raise BrokenRuleError(f"the page {digest.hex()} has another hash")
    return texts


def read_totals_of(documents: Documents, statement: Statement, subscription_ids: Collection[int]) -> Iterator[Totals]:
    """The totals of those of some subscriptions that have usage in a statement. Only the pages they are on are read."""
    pages = {page_of(one) for one in subscription_ids}
    if pages:
        index = read_index(documents, statement, PageKind.USAGE)
        hashes = [digest for number, digest in index.hashes.items() if number in pages]
        yield from (one for one in read_totals(documents, hashes) if one.subscription_id in subscription_ids)


def read_totals(documents: Documents, hashes: Sequence[bytes]) -> Iterator[Totals]:
    """The totals of all subscriptions on usage pages. Raises BrokenRuleError when a page has another hash."""
    for some in batched(hashes, PAGES_AT_ONCE, strict=False):
        for text in read_pages(documents, some):
            yield from UsagePage.parse(text).totals.values()
