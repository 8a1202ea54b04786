"""The pages of a sealed statement with their paths."""

import pytest

from flareflow.errors import BrokenRuleError
from flareflow.merkle import fold
from flareflow.settlement.pages import SealedPages
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import NO_HASH, SettlementPage, Statement
from tests.fakes.statements import FakeDocuments, FakeStatements


def page(number: int) -> SettlementPage:
    return SettlementPage(
        "A.f8d6e0586b0a20c7.UsageBasedSubscriptions", 7, number, ((2 * number, 10), (2 * number + 1, 20))
    )


def sealed_pages(pages: list[SettlementPage], root: bytes) -> SealedPages:
    statements, documents = FakeStatements(), FakeDocuments()
    statements.put(Statement(7, 0, 10, NO_HASH, root, 6, 90, *[NO_HASH] * 4))
    documents.keep_settlement_pages(7, pages)
    return SealedPages(statements, documents)


def test_each_page_comes_with_a_path_to_the_attested_root() -> None:
    pages = [page(number) for number in range(3)]
    root = OrderedTree.over(page.hash for page in pages).root
    found = sealed_pages(pages, root).of(7)
    assert [(one.ids, one.rated_microtokens) for one in found] == [
        ((0, 1), (10, 20)),
        ((2, 3), (10, 20)),
        ((4, 5), (10, 20)),
    ]
    assert [fold(one.hash, settling.path) for one, settling in zip(pages, found, strict=True)] == [root] * 3


def test_pages_that_lead_to_another_root_are_an_error() -> None:
    with pytest.raises(BrokenRuleError, match="does not lead to its root"):
        sealed_pages([page(0)], b"\x01" * 32).of(7)


def test_an_attested_epoch_without_a_statement_is_an_error() -> None:
    with pytest.raises(BrokenRuleError, match="has no statement"):
        SealedPages(FakeStatements(), FakeDocuments()).of(7)
