"""docs/price-book.md is enough to rate every event again: a second program, written from it alone, agrees."""

import json
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flareflow.metering.calls import TOKEN_KINDS, Tokens, Units
from flareflow.metering.model_names import spellings
from flareflow.metering.price_book import LongWeights, Pattern, Price, PriceBook, Used
from infra.price_book.__main__ import FILE
from tests.unit.metering import rating_by_the_page

NAMED = ("gpt-4o", "gpt-4o-mini", "azure/eu/gpt-4o", "claude-3-opus", "us.anthropic.claude-3-opus-20240229-v1:0", "o1")
PARTS = st.lists(
    st.sampled_from(
        [
            *("gpt-4o", "gpt-4o-mini", "claude-3-opus", "o1", "-pro", "-2024-08-06", "-20240229", "-0613", "-2402"),
            *("@20240229", "-08-2024", "-v1:0", "-latest", "azure/", "eu/", "hd/", "1024-x-1024/", "us.", "anthropic."),
            *("gpt-4.", "/", ".", "-", "ollama/", "X"),
        ]
    ),
    min_size=1,
    max_size=5,
).map("".join)
WEIGHTS = st.none() | st.integers(0, 10**12)
AMOUNTS = st.sampled_from([0, 0, 1, 7, 1_000, 200_001])


@st.composite
def prices(draw: st.DrawFn) -> Price:
    """A price of any form."""
    others = {name: draw(WEIGHTS) for name in ("image", "second", "nanousd")}
    kinds: dict[str, Any] = {}
    if draw(st.booleans()) or all(weight is None for weight in others.values()):
        kinds = {kind: draw(WEIGHTS) for kind in TOKEN_KINDS}
        kinds |= {kind: draw(st.integers(0, 10**12)) for kind in ("prompt", "completion")}
    price = Price(**kinds, **others, request=draw(st.sampled_from([0, 0, 5])))
    if not kinds or draw(st.booleans()):
        return price
    dearer = {kind: (price.of(kind) or 0) * 2 for kind in TOKEN_KINDS}
    return Price(**price.model_dump(exclude={"long"}), long=(LongWeights(above=draw(st.integers(0, 2_000)), **dearer),))


BOOKS = st.builds(
    PriceBook,
    version=st.just(1),
    title=st.just(""),
    models=st.dictionaries(st.sampled_from(NAMED), prices()),
    patterns=st.lists(st.builds(Pattern, match=st.sampled_from(["ollama/*", "*claude*"]), price=prices()), max_size=2),
    default=prices(),
)


@given(
    BOOKS, PARTS, st.none() | PARTS, st.builds(Tokens, *[AMOUNTS] * 7), st.builds(Units, AMOUNTS, AMOUNTS), st.data()
)
def test_the_page_rates_as_we_do(  # noqa: PLR0917
    book: PriceBook, model: str, base_model: str | None, tokens: Tokens, units: Units, data: st.DataObject
) -> None:
    # Given any book and any call, and the book as it is published
    cost = data.draw(st.none() | st.integers(0, 10**9))
    event = {"model": model, "base_model": base_model, "tokens": asdict(tokens), "cost_nanousd": cost, **asdict(units)}
    # When both programs rate it, Then they agree
    ours = book.price(model, base_model).rate(Used(tokens, units, cost))
    assert rating_by_the_page.rating(json.loads(book.canonical_json), event) == ours


@given(PARTS)
def test_the_page_spells_as_we_do(name: str) -> None:
    assert list(dict.fromkeys(rating_by_the_page.spellings(name))) == list(spellings(name))


def test_the_page_finds_the_same_price_for_every_name_of_the_cost_map() -> None:
    book = PriceBook.model_validate_json(FILE.read_bytes())
    document = json.loads(book.canonical_json)
    for name in book.models:
        for asked in (f"openai/{name}", f"{name}-2024-08-06", f"us.anthropic.{name}-v1:0"):
            found = rating_by_the_page.price_of(document, asked, None)
            assert Price.model_validate(found) == book.price(asked), asked
