"""Usage adds up, windows split without a gap, and the price book weighs exactly."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flareflow.errors import BrokenRuleError
from flareflow.keccak import keccak256
from flareflow.metering.models import Usage, Window
from flareflow.metering.price_book import Billing, PriceBook
from tests.fakes.metering import NOW

AMOUNTS = st.builds(Usage, *[st.integers(0, 10**15)] * 5)


@given(AMOUNTS, AMOUNTS)
def test_adding_and_subtracting_usage_cancel_out(one: Usage, other: Usage) -> None:
    assert one + other - other == one


def test_a_total_that_is_negative_in_anything_is_a_broken_rule() -> None:
    assert Usage(1, 2, 3, 4, 5).as_total() == Usage(1, 2, 3, 4, 5)
    with pytest.raises(BrokenRuleError, match="never negative"):
        Usage(cost_nanousd=-1).as_total()


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
    assert PriceBook.load().rate(model, 100) == rated_microtokens


def test_the_hash_of_the_book_is_that_of_its_text() -> None:
    types = {Billing.BILLED: ["acompletion"]}
    book = PriceBook(version=2, default_class="a", classes={"b": 2, "a": 1}, models={"m": "b"}, call_types=types)
    text = (
        b'{"call_types":{"billed":["acompletion"]},"classes":{"a":1,"b":2},"default_class":"a","models":{"m":"b"},'
        b'"version":2}'
    )
    assert book.hash == keccak256(text)


def test_the_book_in_force_has_the_hash_that_statements_carry() -> None:
    # A changed book needs a new version: this hash changes with it, knowingly.
    assert PriceBook.load().hash.hex() == "9f055afccac64199a5c324d8f48e4212616a2299a88f6e45f6b03904bd9c3462"


def test_a_book_that_names_a_class_it_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no class gold"):
        PriceBook(version=1, default_class="a", classes={"a": 1}, models={"m": "gold"}, call_types={})


def test_a_book_that_says_two_things_of_a_call_type_is_refused() -> None:
    types = {Billing.BILLED: ["acompletion"], Billing.NOT_BILLED: ["acompletion"]}
    with pytest.raises(ValueError, match="two things of acompletion"):
        PriceBook(version=1, default_class="a", classes={"a": 1}, models={}, call_types=types)


@given(st.integers(0, 10_000), st.integers(1, 600), st.integers(1, 50))
def test_the_slices_of_a_window_cover_it_and_are_not_too_many(seconds: int, length: int, slices_max: int) -> None:
    # Given any window
    window = Window(NOW, NOW + timedelta(seconds=seconds))
    # When it is split
    slices = window.split(timedelta(seconds=length), slices_max)
    # Then the first begins with it, each begins where the one before ended, and the last ends with it
    assert 1 <= len(slices) <= slices_max
    assert slices[0].start == window.start
    assert slices[-1].end == window.end
    assert all(one.end == other.start for one, other in pairwise(slices))


def test_a_window_that_ends_before_it_starts_is_a_broken_rule() -> None:
    with pytest.raises(BrokenRuleError):
        Window(NOW, NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("tokens", "rated_microtokens"),
    [(1, 1_500_000), (2, 3_000_000), (7, 10_500_000), (99, 148_500_000), (101, 151_500_000), (12_345, 18_517_500_000)],
)
def test_every_single_token_is_rated(tokens: int, rated_microtokens: int) -> None:
    assert PriceBook.load().rate("gpt-4o", tokens) == rated_microtokens


def test_a_slice_is_as_long_as_asked_for_and_only_the_last_is_shorter() -> None:
    # Given a window of two and a half minutes
    window = Window(NOW, NOW + timedelta(seconds=150))
    # When it is split into minutes
    slices = window.split(timedelta(minutes=1), slices_max=100)
    # Then there are two minutes and a half one
    assert [(one.end - one.start).total_seconds() for one in slices] == [60, 60, 30]
