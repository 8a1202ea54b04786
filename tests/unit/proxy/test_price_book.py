"""The gate reads the price book in force, and lets only calls through that it can price before they are made."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import Price, PriceBook
from flareflow_gate.models import CallableModels
from flareflow_gate.price_book import PricesInForce
from tests.unit.proxy.gate_harness import GateHarness

X1 = Price(prompt=1, completion=1)
BOOK = PriceBook(
    version=1,
    title="",
    models={"gpt-4o": X1, "o1": Price(prompt=5, completion=20, reasoning=30), "tts-1": Price(nanousd=1)},
    default=X1,
)


WEIGHT_BY_O1 = 100 * 5 + 4 * 20 + 6 * 30


def prices(*answers: httpx.Response, base_models: Mapping[str, frozenset[str]] | None = None) -> PricesInForce:
    """The prices after each of these answers of the API."""
    left = list(answers)

    async def read() -> PricesInForce:
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: left.pop(0))) as http:
            known = PricesInForce(http, "http://api/v1/price-book", base_models or {})
            for _ in answers:
                await known.refresh()
            return known

    return asyncio.run(read())


def answer(book: PriceBook = BOOK) -> httpx.Response:
    return httpx.Response(200, text=book.canonical_json)


def test_before_the_first_book_nothing_has_a_price() -> None:
    known = prices(httpx.Response(503))
    assert (known.are_known(), known.of("gpt-4o")) == (False, ())


@pytest.mark.parametrize(
    "bad", [httpx.Response(503), httpx.Response(200, text="no book"), httpx.Response(200, json={})]
)
def test_the_last_book_stays_when_the_next_cannot_be_read(bad: httpx.Response) -> None:
    assert prices(answer(), bad).of("gpt-4o") == (X1,)


def test_a_newer_book_takes_the_place_of_the_last() -> None:
    newer = PriceBook(version=2, title="", models={"o1": X1}, default=X1)
    known = prices(answer(), answer(newer))
    assert (known.of("gpt-4o"), known.of("o1")) == ((), (X1,))


@pytest.mark.parametrize("model", ["openai/gpt-4o", "gpt-4o-2024-08-06", "azure/eu/gpt-4o-2024-11-20"])
def test_a_spelling_of_a_priced_model_may_be_called(model: str) -> None:
    assert CallableModels(prices(answer()), {model: frozenset()}).may_be_called(model)


def test_a_model_that_is_not_configured_may_not_be_called_whatever_its_price() -> None:
    models = CallableModels(prices(answer()), {"gpt-4o": frozenset()})
    assert (models.may_be_called("gpt-4o"), models.may_be_called("openai/gpt-4o")) == (True, False)


def test_a_configured_pattern_stands_for_the_names_that_match_it_with_its_fallbacks() -> None:
    models = CallableModels(prices(answer()), {"openai/*": frozenset(), "azure/*": frozenset({"unpriced"})})
    assert (models.may_be_called("openai/gpt-4o"), models.may_be_called("azure/gpt-4o")) == (True, False)


@pytest.mark.parametrize(
    "model",
    [
        *("openai/unpriced,openai/gpt-4o", "openai/gpt-4o,gpt-4o", "openai/unpriced?x=/gpt-4o", "openai/x#/gpt-4o"),
        *("openai/unpriced/../gpt-4o", "openai/./gpt-4o", "openai//gpt-4o"),
        *("openai/x%2F/gpt-4o", "openai/x;/gpt-4o", "openai/gpt-4o ", "openai/\n/gpt-4o", "openai/\u0430/gpt-4o"),
    ],
)
def test_a_pattern_stands_for_the_name_of_one_model_only(model: str) -> None:
    # Given a pattern of the configuration, and a caller's name that ends with that of a cheap model
    models = CallableModels(prices(answer()), {"openai/*": frozenset()})
    assert models.may_be_called("openai/eu/gpt-4o-2024-08-06")
    # When LiteLLM or the provider would read another model in it, Then it is not called
    assert not models.may_be_called(model)


@pytest.mark.parametrize("model", ["gpt-4o-mini", "o1-pro", "anything", "tts-1"])
def test_a_model_that_only_the_default_covers_or_that_is_priced_by_cost_may_not(model: str) -> None:
    assert not CallableModels(prices(answer()), {model: frozenset()}).may_be_called(model)


def test_an_alias_may_be_called_when_all_that_its_deployments_call_has_a_price() -> None:
    bases = {"cheap": frozenset({"openai/gpt-4o"}), "mixed": frozenset({"openai/gpt-4o", "openai/unknown"})}
    models = CallableModels(prices(answer(), base_models=bases), dict.fromkeys(bases, frozenset[str]()))
    assert (models.may_be_called("cheap"), models.may_be_called("mixed")) == (True, False)


def test_the_most_that_a_call_can_weigh_is_that_of_the_dearest_that_may_answer() -> None:
    models = CallableModels(prices(answer()), {"gpt-4o": frozenset({"o1"}), "o1": frozenset()})
    assert models.most("o1", 100, 10) == 100 * 5 + 10 * 30
    assert models.most("gpt-4o", 100, 10) == 100 * 5 + 10 * 30


@pytest.mark.parametrize(
    ("answered_by", "weight"),
    [("o1", WEIGHT_BY_O1), ("gpt-4o", 110), (None, WEIGHT_BY_O1), ("of no configuration", WEIGHT_BY_O1)],
)
def test_a_call_that_has_ended_is_settled_at_the_price_of_what_answered_or_of_the_dearest_that_may_have(
    answered_by: str | None, weight: int
) -> None:
    # Given a model with a dearer fallback
    models = CallableModels(prices(answer()), {"gpt-4o": frozenset({"o1"}), "o1": frozenset()})
    # When a call of it has ended, Then it is settled at what can be billed
    assert models.rated("gpt-4o", answered_by, Tokens(prompt=100, completion=4, reasoning=6)) == weight


def test_a_record_names_what_the_deployment_calls(gate: GateHarness) -> None:
    gate.call()
    assert [record.base_model for record in gate.records] == ["openai/gpt-4o"]
