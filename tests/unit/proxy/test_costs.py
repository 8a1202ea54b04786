"""Each model answer tells its caller what it cost, in rated tokens."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import LongWeights, Price, PriceBook
from flareflow_gate.costs import cost_text, with_cost
from flareflow_gate.model_list import pricing
from flareflow_gate.price_book import PricesInForce
from tests.unit.proxy.gate_harness import DONE, GateHarness, answer, chat, delta, done, event, usage_chunk

COST = "x-flareflow-cost"


@pytest.mark.parametrize(
    ("microtokens", "text"),
    [(0, "0"), (1, "0.000001"), (42_994_500_000, "42994.5"), (10**6, "1"), (10_000_000, "10"), (999_999, "0.999999")],
)
def test_a_cost_is_told_in_rated_tokens_to_the_last_millionth(microtokens: int, text: str) -> None:
    assert cost_text(microtokens) == text


@pytest.mark.parametrize("microtokens", [1, 999_999, 10**15 - 1, 123_456_789_012_345])
def test_the_number_in_the_usage_is_exact(microtokens: int) -> None:
    written = json.dumps(with_cost({}, microtokens))
    assert json.loads(written, parse_float=lambda text: round(float(text) * 10**6))["cost"] == microtokens


def test_a_whole_answer_has_its_cost_in_a_header_and_in_its_usage(gate: GateHarness) -> None:
    gate.litellm.parts = [answer(3, 5)]
    answered = gate.call()
    assert (answered.headers[COST], answered.document["usage"]["cost"]) == ("12", 12)
    assert answered.headers["content-length"] == str(len(answered.body))


def test_what_the_call_cost_the_operator_is_not_told(gate: GateHarness) -> None:
    gate.litellm.parts = [json.dumps({"choices": [], "usage": {"prompt_tokens": 2, "cost": 0.01}}).encode()]
    assert gate.call().document["usage"] == {"prompt_tokens": 2, "cost": 3}


def test_embeddings_are_passed_on_byte_by_byte_with_their_cost_in_the_header(gate: GateHarness) -> None:
    gate.litellm.parts = [b'{"data": [{"embedding": [0.1, 1e-7]}], "usage": {"prompt_tokens": 4}}']
    answered = gate.call("/v1/embeddings", {"model": "gpt-4o", "input": "one"})
    assert (answered.body, answered.headers[COST]) == (gate.litellm.parts[0], "6")


def test_an_answer_that_tells_no_usage_costs_what_the_gate_counts(gate: GateHarness) -> None:
    gate.litellm.parts = [b'{"choices": []}']
    answered = gate.call()
    assert (answered.document, answered.headers[COST]) == ({"choices": []}, "4.5")


def test_a_fallback_is_told_at_its_own_price(gate: GateHarness) -> None:
    gate.fallbacks, gate.priced = {"o1": frozenset({"gpt-4o"})}, frozenset({"o1", "gpt-4o"})
    gate.litellm.parts = [answer(3, 5)]
    assert gate.call(body=chat(model="o1")).headers[COST] == "8"
    gate.litellm.headers_sent = [(b"x-litellm-model-group", b"gpt-4o")]
    assert gate.call(body=chat(model="o1")).headers[COST] == "12"


def test_a_stream_tells_its_cost_in_its_last_event(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("a "), usage_chunk(3, 1), DONE]
    assert gate.call(body=chat(stream=True)).body == delta("a ") + done("6")


def test_a_stream_that_breaks_off_tells_what_is_billed(gate: GateHarness) -> None:
    gate.litellm.parts = [delta("one "), event({"error": {"message": "upstream failed"}}), DONE]
    assert gate.call(body=chat(stream=True)).body.endswith(done("6"))


def named(name: str, document: object) -> bytes:
    """An event with its name, as the Responses API and Anthropic's send it."""
    return b"event: " + name.encode() + b"\r\n" + event(document).replace(b"\n\n", b"\r\n\r\n")


def documents(body: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in body.splitlines() if line.startswith(b"data: ")]


def test_the_stream_of_a_response_has_its_cost_in_the_usage_of_its_last_event(gate: GateHarness) -> None:
    usage = {"input_tokens": 3, "output_tokens": 5}
    completed = {"type": "response.completed", "response": {"id": "r", "usage": usage}}
    gate.litellm.parts = [named("response.completed", completed)]
    body = gate.call("/v1/responses", {"model": "gpt-4o", "input": "one", "stream": True}).body
    assert body.startswith(b": x-flareflow-cost 12\nevent: response.completed\n")
    assert documents(body) == [completed | {"response": {"id": "r", "usage": usage | {"cost": 12}}}]


def test_the_stream_of_a_message_has_its_cost_where_it_tells_the_whole_usage(gate: GateHarness) -> None:
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}
    ended = {"type": "message_delta", "usage": {"output_tokens": 5}}
    gate.litellm.parts = [named(one["type"], one) for one in (start, ended, {"type": "message_stop"})]  # type: ignore[arg-type]
    body = gate.call("/v1/messages", chat(stream=True, max_tokens=9)).body
    assert documents(body) == [start, ended | {"usage": {"output_tokens": 5, "cost": 12}}, {"type": "message_stop"}]
    assert b": x-flareflow-cost 12\nevent: message_stop\r\n" in body


def test_the_cost_is_what_metering_bills_by_the_book_in_force() -> None:
    # Given a book that prices an alias by what its deployments call
    book = PriceBook(
        version=1,
        title="",
        models={"gpt-4o": Price(prompt=2, completion=8, cache_read=1)},
        default=Price(prompt=1, completion=1),
    )

    async def read() -> PricesInForce:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, text=book.canonical_json))
        async with httpx.AsyncClient(transport=transport) as http:
            prices = PricesInForce(http, "http://api/v1/price-book", {})
            await prices.refresh()
            return prices

    prices, tokens = asyncio.run(read()), Tokens(prompt=10, cache_read=100, completion=3)
    assert prices.billed("fast", "openai/gpt-4o", tokens) == 10 * 2 + 100 + 3 * 8
    assert prices.billed("fast", None, tokens) == 113


def test_the_price_of_a_model_is_told_for_each_kind_and_for_long_inputs() -> None:
    long = LongWeights(above=200_000, prompt=3_000_000, completion=9_000_000)
    price = Price(prompt=1_500_000, completion=6_000_000, cache_read=150_000, long=(long,))
    told = {"unit": "rated tokens", "prompt": "1.5", "completion": "6", "cache_read": "0.15", "request": "0"}
    assert pricing(price) == told | {"long": [{"above": "200000", "prompt": "3", "completion": "9"}]}
