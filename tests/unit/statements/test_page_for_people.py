"""The code with which the documentation lets strangers check a statement."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flareflow.json_format import to_json
from flareflow.statements.public_view import ReadStatements
from tests.fakes.metering import EVEN_BOOK
from tests.unit.statements.sealing import Sealing

PAGE = Path(__file__).parents[3] / "docs" / "statement.md"
type Check = Callable[[str, str, str, str], str]


@pytest.fixture
def check() -> Check:
    """The function that the page shows."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)
    found: Check = shown["check"]
    return found


@pytest.fixture
def answers() -> list[str]:
    """Statement, leaf, page and price book as the API serves them, for the second of seven subscriptions."""
    sealing = Sealing()
    for subscription_id in range(1, 8):
        sealing.count(subscription_id, 10 * subscription_id)
    statement = sealing.seal().statement
    reading = ReadStatements(sealing.statements, sealing.documents)
    leaf, page = reading.leaf(statement.epoch, 2), reading.page(statement.epoch, 0)
    return [
        statement.body,
        to_json({"leaf": leaf.leaf, "hash": leaf.leaf.hash, "proof": leaf.proof}),
        to_json({"text": page.page.text, "hash": page.page.hash, "path": page.path}),
        EVEN_BOOK.canonical_json,
    ]


def test_the_code_on_the_page_accepts_what_we_serve(check: Check, answers: list[str]) -> None:
    statement_hash = check(*answers)
    assert re.fullmatch(r"0x[0-9a-f]{64}", statement_hash)


@pytest.mark.parametrize(
    ("which", "honest", "forged"),
    [(1, '"requests":"1"', '"requests":"2"'), (2, "2:20000000", "2:20000001"), (3, '"version":1', '"version":2')],
    ids=["leaf", "page", "price book"],
)
def test_the_code_on_the_page_refuses_what_was_changed(
    check: Check, answers: list[str], which: int, honest: str, forged: str
) -> None:
    assert honest in answers[which]
    answers[which] = answers[which].replace(honest, forged)
    with pytest.raises(AssertionError):
        check(*answers)
