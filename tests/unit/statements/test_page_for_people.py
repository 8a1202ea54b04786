"""The code with which the documentation lets strangers check a statement."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from flareflow.statements.events import event_text
from flareflow.statements.usage_pages import PAGE_IDS
from tests.fakes.metering import EVEN_BOOK
from tests.support.shown_programs import shown_program
from tests.unit.statements.sealing import Sealing

type Check = Callable[..., str]


@pytest.fixture
def check() -> Check:
    """The function that the page shows."""
    found: Check = shown_program("statement.md")["check"]
    return found


@pytest.fixture
def documents() -> dict[str, Any]:
    """What the second of several subscriptions checks: the documents and the texts of its own events."""
    sealing = Sealing()
    for subscription_id in (1, 2, 2, 2, 300, 700):
        sealing.count(subscription_id, 10 * subscription_id)
    statement = sealing.seal()
    kept = {path: document.text for path, document in sealing.documents.kept.items()}
    one = f"/v1/statements/{statement.epoch:010d}"
    return {
        "statement_body": kept[one],
        "usage_index": kept[f"{one}/usage-index"],
        "usage_page": sealing.usage_pages(statement)[0].text,
        "settlement_index": kept[f"{one}/settlement-index"],
        "price_book_body": kept[f"/v1/price-books/{EVEN_BOOK.hash.hex()}"],
        "subscription_id": 2,
        "events": [event_text(event) for event in sealing.usage.events(statement.epoch, [2])[2]],
    }


def test_the_code_on_the_page_accepts_what_we_serve(check: Check, documents: dict[str, Any]) -> None:
    statement_hash = check(**documents)
    assert re.fullmatch(r"0x[0-9a-f]{64}", statement_hash)


@pytest.mark.parametrize(
    ("which", "honest", "forged"),
    [
        ("usage_page", "2 1000 60 ", "2 1000 61 "),
        ("usage_index", "\n1 ", "\n3 "),
        ("settlement_index", "\n0 ", "\n0 0"),
        ("price_book_body", '"version":1', '"version":2'),
    ],
)
def test_the_code_on_the_page_refuses_what_was_changed(
    check: Check, documents: dict[str, Any], which: str, honest: str, forged: str
) -> None:
    assert honest in documents[which]
    text = documents[which].replace(honest, forged)
    documents[which] = text[:-1] if which == "settlement_index" else text
    if which == "usage_index":  # a page under another number leads to the same root, and nobody on it finds it
        documents["subscription_id"] = PAGE_IDS
    with pytest.raises((AssertionError, KeyError)):
        check(**documents)


def test_the_code_on_the_page_refuses_a_bill_without_one_of_its_calls(check: Check, documents: dict[str, Any]) -> None:
    documents["events"] = documents["events"][1:]
    with pytest.raises(AssertionError):
        check(**documents)
