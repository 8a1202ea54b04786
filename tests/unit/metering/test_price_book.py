"""The price book: which price a model has, and what a call weighs by it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.keccak import keccak256
from flareflow.metering.calls import TOKEN_KINDS, Tokens, Units
from flareflow.metering.price_book import LongWeights, Pattern, Price, PriceBook, Used

X1 = Price(prompt=1_000_000, completion=1_000_000)
WEIGHTS = st.integers(0, 10**9)
AMOUNTS = st.integers(0, 10**9)
TOKENS = st.builds(Tokens, *[AMOUNTS] * len(TOKEN_KINDS))


def book_of(*names: str, **changes: Any) -> PriceBook:
    """A book in which the first model weighs 1 for each token, the second 2, and so on; the default 1,000."""
    models = {name: Price(prompt=weight, completion=weight) for weight, name in enumerate(names, start=1)}
    default = Price(prompt=1_000, completion=1_000)
    return PriceBook(**{"version": 1, "title": "test", "models": models, "default": default} | changes)


def weight(book: PriceBook, model: str, base_model: str | None = None) -> int | None:
    return book.price(model, base_model).rate(Used(Tokens(prompt=1)))


@pytest.mark.parametrize(
    ("model", "rated_microtokens"),
    [
        ("gpt-4o", 150_000_000),
        ("claude-3-opus", 150_000_000),
        ("gpt-4.1-mini", 100_000_000),
        ("a-model-nobody-heard-of", 100_000_000),
        ("gpt-3.5-turbo", 80_000_000),
        ("claude-3-haiku", 80_000_000),
    ],
)
def test_a_hundred_tokens_weigh_what_their_class_says(model: str, rated_microtokens: int) -> None:
    used = Used(Tokens(prompt=70, completion=10, reasoning=20))
    assert PriceBook.load().price(model).rate(used) == rated_microtokens


@pytest.mark.parametrize(
    ("tokens", "rated_microtokens"),
    [(1, 1_500_000), (2, 3_000_000), (7, 10_500_000), (99, 148_500_000), (101, 151_500_000), (12_345, 18_517_500_000)],
)
def test_every_single_token_is_rated(tokens: int, rated_microtokens: int) -> None:
    assert PriceBook.load().price("gpt-4o").rate(Used(Tokens(prompt=tokens))) == rated_microtokens


def test_the_hash_of_the_book_is_that_of_its_text() -> None:
    text = b'{"default":{"completion":1000,"prompt":1000},"models":{"m":{"completion":1,"prompt":1}},"title":"test",'
    assert book_of("m").hash == keccak256(text + b'"version":1}')


def test_a_book_is_read_again_from_its_text_with_the_same_hash() -> None:
    book = PriceBook.load()
    assert PriceBook.model_validate_json(book.canonical_json).hash == book.hash


def test_the_book_that_ships_has_the_hash_that_statements_carry() -> None:
    # A changed book needs a new version: this hash changes with it, knowingly.
    assert PriceBook.load().hash.hex() == "a12b2c73d08d82ffe918eb812f6ba35b05ad13821383f1eb60b2abed719f2fef"


@given(TOKENS, st.lists(WEIGHTS, min_size=7, max_size=7))
def test_a_call_weighs_the_sum_of_tokens_times_weights(tokens: Tokens, weights: list[int]) -> None:
    price = Price(**dict(zip(TOKEN_KINDS, weights, strict=True)))
    expected = sum(getattr(tokens, kind) * weight for kind, weight in zip(TOKEN_KINDS, weights, strict=True))
    assert price.rate(Used(tokens)) == expected


def test_a_kind_without_a_weight_weighs_like_text_of_its_direction() -> None:
    price = Price(prompt=3, completion=7)
    assert price.rate(Used(Tokens(1, 1, 1, 1, 1, 1, 1))) == 4 * 3 + 3 * 7


def test_all_tokens_of_a_long_input_weigh_more_beyond_its_limit_only() -> None:
    # Given a price that doubles above 200 tokens of input
    price = Price(prompt=1, cache_read=0, completion=5, long=(LongWeights(above=200, prompt=2, completion=8),))
    # Then 200 tokens of input have the lower weights, whatever kind they are, and 201 the higher
    assert price.rate(Used(Tokens(prompt=150, cache_read=50, completion=10))) == 150 + 50
    assert price.rate(Used(Tokens(prompt=150, cache_read=51, completion=10))) == 201 * 2 + 80


@pytest.mark.parametrize(
    ("price", "used", "expected"),
    [
        (Price(request=5, prompt=1, completion=1), Used(Tokens(prompt=2)), 7),
        (Price(image=40), Used(units=Units(images=2)), 80),
        (Price(second=1_000), Used(units=Units(milliseconds=3_500)), 3_500),
        (Price(second=1), Used(units=Units(milliseconds=3_999)), 3),
        (Price(nanousd=3), Used(cost_nanousd=150_000), 450_000),
        (Price(prompt=1, completion=1, nanousd=3), Used(Tokens(prompt=100), cost_nanousd=9), 100),
        (Price(prompt=1, completion=1, nanousd=30), Used(Tokens(prompt=100), cost_nanousd=9), 270),
        (Price(second=100, nanousd=1), Used(cost_nanousd=7), 7),
        (Price(prompt=0, completion=0), Used(Tokens(prompt=100), cost_nanousd=9), 0),
        (X1, Used(), 0),
    ],
)
def test_requests_images_seconds_and_costs_have_prices_too(price: Price, used: Used, expected: int) -> None:
    assert price.rate(used) == expected


@pytest.mark.parametrize(
    ("price", "used"),
    [
        (Price(image=40), Used(Tokens(prompt=1))),
        (Price(nanousd=3), Used(Tokens(prompt=1))),
        (Price(second=3), Used(cost_nanousd=7)),
        (X1, Used(cost_nanousd=7)),
        (X1, Used(units=Units(images=1))),
        (Price(request=1), Used(Tokens(prompt=1))),
    ],
)
def test_what_was_used_and_has_no_price_is_not_free(price: Price, used: Used) -> None:
    assert price.rate(used) is None


@given(
    st.builds(
        Price,
        request=WEIGHTS,
        **{kind: st.none() | WEIGHTS for kind in TOKEN_KINDS if kind not in {"prompt", "completion"}},
        prompt=WEIGHTS,
        completion=WEIGHTS,
    ),
    st.integers(0, 3),
    st.integers(0, 10**6),
    TOKENS,
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_no_call_weighs_more_than_the_most_that_its_bounds_allow(  # noqa: PLR0917
    price: Price, dearer: int, above: int, tokens: Tokens, more_input: int, more_output: int
) -> None:
    # Given any price, with other weights for long inputs
    weights = {kind: (price.of(kind) or 0) + dearer for kind in TOKEN_KINDS}
    price = Price(**price.model_dump(exclude={"long"}), long=(LongWeights(above=above, **weights),))
    # When a call uses no more than its bounds
    most = price.most(tokens.input + more_input, tokens.output + more_output)
    # Then it weighs no more than was said before
    rated = price.rate(Used(tokens))
    assert most is not None
    assert rated is not None
    assert rated <= most


@pytest.mark.parametrize("price", [Price(nanousd=1), Price(image=1), Price(prompt=1, completion=1, nanousd=1)])
def test_a_price_that_does_not_depend_on_tokens_alone_has_no_most(price: Price) -> None:
    assert price.most(1_000, 1_000) is None


def test_a_price_is_found_by_name_then_base_model_then_spelling_then_pattern() -> None:
    patterns = [Pattern(match="ollama/*", price=Price(prompt=50, completion=50))]
    book = book_of("gpt-4o", "azure/gpt-4o", "my-alias", "o1", patterns=patterns)
    assert weight(book, "gpt-4o", "azure/gpt-4o") == 1
    assert weight(book, "unnamed", "azure/gpt-4o") == 2
    assert weight(book, "my-alias", "azure/gpt-4o") == 3
    assert weight(book, "gpt-4o-2024-08-06", "openai/o1-2024-12-17") == 4  # what is called, not how it is named
    assert weight(book, "gpt-4o-2024-08-06", "unnamed") == 1
    assert weight(book, "anything", "ollama/llama3:70b") == 50
    assert weight(book, "anything") == 1_000
    assert book.named("anything") is None
    assert book.named("") is None


@pytest.mark.parametrize("spelling", ["GPT-4o", " gpt-4o ", "OpenAI/GPT-4o-2024-08-06"])
def test_capitals_and_spaces_make_no_other_model(spelling: str) -> None:
    assert weight(book_of("gpt-4o"), spelling) == 1


def test_so_many_names_as_callers_may_invent_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flareflow.metering.price_book.REMEMBERED_MAX", 10)
    book = book_of("gpt-4o")
    for number in range(25):
        assert weight(book, f"unknown-{number}") == 1_000
    assert book._remembered.cache_info().currsize == 10  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"models": {"m": {}}}, "at least one of"),
        ({"models": {"m": {"prompt": 1}}}, "both prompt and completion"),
        ({"models": {"m": {"completion": 1, "image": 1}}}, "both prompt and completion"),
        ({"models": {"m": {"prompt": -1, "completion": 1}}}, "greater than or equal to 0"),
        ({"models": {"m": {"prompt": 1.5, "completion": 1}}}, "valid integer"),
        ({"models": {"m": {"prompt": 10**19, "completion": 1}}}, "less than or equal"),
        ({"models": {"m": {"prompt": 1, "completion": 1, "typo": 1}}}, "Extra inputs"),
        ({"models": {"M": {"prompt": 1, "completion": 1}}}, "lower case"),
        ({"models": {"": {"prompt": 1, "completion": 1}}}, "at least 1 character"),
        ({"models": {"a b": {"prompt": 1, "completion": 1}}}, "match pattern"),
        ({"version": 0}, "greater than or equal to 1"),
        ({"models": {"m": {"prompt": 2, "completion": 1, "long": [{"above": 9, "prompt": 1}]}}}, "no kind of tokens"),
        (
            {"models": {"m": {"prompt": 1, "completion": 1, "long": [{"above": n, "prompt": 1} for n in (9, 8)]}}},
            "no kind of tokens|order",
        ),
    ],
)
def test_a_book_with_a_wrong_price_is_refused(wrong: dict[str, Any], complaint: str) -> None:
    document = json.loads(book_of("m").canonical_json) | wrong
    with pytest.raises(ValueError, match=complaint):
        PriceBook.model_validate_json(json.dumps(document))
