"""`make price-book`: a book from LiteLLM's cost map, a margin and a unit, and what it refuses."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from flareflow.metering.calls import Tokens, Units
from flareflow.metering.price_book import LongWeights, Pattern, Price, PriceBook, Used
from infra.price_book.__main__ import FILE, main
from infra.price_book.building import Built, Pricing, build
from infra.price_book.comparing import changes, table
from infra.price_book.cost_map import CostMap, WrongPricesError, installed

CHAT = {"mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}
AT_COST = Pricing(margin=Decimal(1), unit=Decimal(1))


def cost_map(tmp_path: Path, **entries: Any) -> Path:
    path = tmp_path / "costs.json"
    path.write_text(json.dumps(entries))
    return path


def built(tmp_path: Path, entry: dict[str, Any], pricing: Pricing = AT_COST, name: str = "m") -> Price | str:
    """The price of one entry, or why it was left out."""
    made: Built = build(CostMap.read(cost_map(tmp_path, **{name: entry})), pricing, 1, "")
    return made.book.models.get(name) or made.left_out[name]


@pytest.mark.parametrize(
    ("entry", "price"),
    [
        (CHAT, Price(prompt=2_500_000, completion=10_000_000)),
        (
            CHAT | {"cache_read_input_token_cost": 2.5e-07, "cache_creation_input_token_cost": 3.125e-06},
            Price(prompt=2_500_000, cache_read=250_000, cache_write=3_125_000, completion=10_000_000),
        ),
        (
            CHAT | {"output_cost_per_reasoning_token": 4e-05, "input_cost_per_audio_token": 1e-04},
            Price(prompt=2_500_000, completion=10_000_000, reasoning=40_000_000, audio_input=100_000_000),
        ),
        (CHAT | {"input_cost_per_request": 0.005}, Price(prompt=2_500_000, completion=10_000_000)),
        ({"mode": "embedding", "input_cost_per_token": 2e-08}, Price(prompt=20_000, completion=0)),
        (
            {"mode": "audio_transcription", "input_cost_per_second": 1e-04},
            Price(second=100_000_000, nanousd=1_000),
        ),
        ({"mode": "audio_speech", "input_cost_per_character": 1.5e-05}, Price(nanousd=1_000)),
        ({"mode": "rerank", "input_cost_per_query": 0.002}, Price(nanousd=1_000)),
        ({"mode": "image_generation", "output_cost_per_image": 0.04}, Price(image=40_000_000_000, nanousd=1_000)),
        (
            {"mode": "image_generation", "input_cost_per_token": 5e-06, "output_cost_per_image_token": 4e-05},
            Price(prompt=5_000_000, completion=40_000_000, nanousd=1_000),
        ),
        ({"mode": "chat"}, "no price"),
        ({"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}, "free of charge"),
    ],
)
def test_a_model_is_priced_by_what_its_provider_charges_for(
    tmp_path: Path, entry: dict[str, Any], price: Price | str
) -> None:
    assert built(tmp_path, entry) == price


def test_provisioned_time_is_no_price_of_a_call(tmp_path: Path) -> None:
    entry = {"mode": "chat", "input_cost_per_second": 0.01}
    assert (
        built(tmp_path, entry, name="bedrock/us-east-1/1-month-commitment/x") == "paid by the time that it is reserved"
    )


def test_long_inputs_have_their_own_weights_and_no_kind_becomes_cheaper(tmp_path: Path) -> None:
    entry = CHAT | {
        "cache_read_input_token_cost": 2.5e-07,
        "input_cost_per_token_above_200k_tokens": 5e-06,
        "output_cost_per_token_above_200k_tokens": 5e-06,
    }
    price = built(tmp_path, entry)
    assert isinstance(price, Price)
    [long] = price.long
    assert (long.above, long.of("prompt"), long.of("completion"), long.of("cache_read")) == (
        *(200_000, 5_000_000),
        *(10_000_000, 250_000),
    )


def test_tiers_are_weights_for_long_inputs(tmp_path: Path) -> None:
    tiers = [
        {"range": [0, 256_000], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
        {"range": [256_000, 1_000_000], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06},
    ]
    price = built(tmp_path, {"mode": "chat", "tiered_pricing": tiers})
    assert isinstance(price, Price)
    assert price.rate(Used(Tokens(prompt=256_000))) == 256_000 * 50_000
    assert price.rate(Used(Tokens(prompt=256_001))) == 256_001 * 250_000


@pytest.mark.parametrize(
    ("margin", "unit", "weight"), [("1.2", "1", 3_000_000), ("1", "0.5", 5_000_000), ("1.0000001", "3", 833_333)]
)
def test_margin_and_unit_are_exact_and_a_weight_is_rounded_down(
    tmp_path: Path, margin: str, unit: str, weight: int
) -> None:
    price = built(tmp_path, CHAT, Pricing(Decimal(margin), Decimal(unit)))
    assert isinstance(price, Price)
    assert price.prompt == weight


def test_a_price_that_would_weigh_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unit is too large"):
        built(tmp_path, CHAT, Pricing(Decimal(1), Decimal(10**9)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-1e-6", "negative"),
        ("NaN", "not finite"),
        ("Infinity", "not finite"),
        ("1e999", None),
        ('"cheap"', "no number"),
        ("true", "no number"),
    ],
)
def test_prices_that_nobody_can_ask_for_are_refused_by_name(tmp_path: Path, text: str, complaint: str | None) -> None:
    path = tmp_path / "costs.json"
    path.write_text(f'{{"m": {{"mode": "chat", "input_cost_per_token": {text}, "output_cost_per_token": 1}}}}')
    if complaint is None:  # a finite decimal, but no weight
        with pytest.raises(ValueError, match="less than or equal"):
            build(CostMap.read(path), AT_COST, 1, "")
    else:
        with pytest.raises(WrongPricesError, match=f"m: input_cost_per_token is .*, {complaint}"):
            CostMap.read(path)


def test_a_wrong_price_inside_tiers_is_found(tmp_path: Path) -> None:
    tiers = [{"range": [0, 9], "input_cost_per_token": -1}]
    with pytest.raises(WrongPricesError, match=r"tiered_pricing\.input_cost_per_token is -1"):
        CostMap.read(cost_map(tmp_path, m={"mode": "chat", "tiered_pricing": tiers}))


def test_a_model_with_dated_names_only_gets_its_plain_name_at_the_dearest_of_them(tmp_path: Path) -> None:
    entries = {
        "claude-3-opus-20240229": CHAT,
        "bedrock/anthropic.claude-3-opus-20240229-v1:0": CHAT | {"input_cost_per_token": 5e-06},
    }
    book = build(CostMap.read(cost_map(tmp_path, **entries)), AT_COST, 1, "").book
    assert book.price("claude-3-opus").prompt == 5_000_000
    assert book.price("openai/claude-3-opus-20240229").prompt == 2_500_000


def run(tmp_path: Path, *arguments: str, **entries: Any) -> tuple[int, Path]:
    out = tmp_path / "book.json"
    costs = cost_map(tmp_path, **entries)
    return main(["--cost-map", str(costs), "--out", str(out), *arguments]), out


def in_force(tmp_path: Path, price: Price) -> list[str]:
    path = tmp_path / "in-force.json"
    book = PriceBook(version=4, title="", models={"m": price}, default=Price(nanousd=1_200))
    path.write_text(book.canonical_json)
    return ["--in-force", str(path)]


def test_the_difference_is_shown_and_the_book_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = in_force(tmp_path, Price(prompt=2_000_000, completion=12_000_000))
    status, out = run(tmp_path, *before, m=CHAT, new=CHAT)
    shown = capsys.readouterr().out
    assert status == 0
    assert "m      prompt    2        3  x 1.5" in shown.replace("  ", "  ")
    book = PriceBook.model_validate_json(out.read_bytes())
    assert (book.version, sorted(book.models)) == (5, ["m", "new"])


@pytest.mark.parametrize(
    ("price", "entries"),
    [
        (Price(prompt=1_000_000, completion=12_000_000), {"m": CHAT}),
        (Price(prompt=9_000_000, completion=12_000_000), {"m": CHAT}),
        (Price(prompt=3_000_000, completion=12_000_000), {"other": CHAT}),
    ],
    ids=["dearer", "cheaper", "gone"],
)
def test_a_jump_is_refused_without_a_flag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], price: Price, entries: dict[str, Any]
) -> None:
    before = in_force(tmp_path, price)
    status, out = run(tmp_path, *before, **entries)
    assert (status, out.exists()) == (1, False)
    assert "Nothing is written" in capsys.readouterr().err
    status, out = run(tmp_path, *before, "--allow-jumps", **entries)
    assert (status, out.exists()) == (0, True)


KNOWN = Price(prompt=10, completion=20)
MUCH = Price(prompt=1_000, completion=20)


@pytest.mark.parametrize(
    ("before", "after", "jump"),
    [
        ({"m": KNOWN}, {"m": Price(prompt=10, completion=20, request=10**12)}, "request"),
        (
            {"m": KNOWN},
            {"m": Price(prompt=10, completion=20, long=(LongWeights(above=9, prompt=1_000, completion=20),))},
            "prompt above 9",
        ),
        ({"m": KNOWN}, {"m": KNOWN, "m-2026-01-01": MUCH}, "prompt"),
        ({"m": KNOWN, "m-2026-01-01": MUCH}, {"m": KNOWN}, "prompt"),
    ],
    ids=["a price for each call", "dearer long inputs", "a version with its own price", "a version without one"],
)
def test_a_model_that_the_book_prices_already_does_not_jump_unseen(
    before: dict[str, Price], after: dict[str, Price], jump: str
) -> None:
    books = [PriceBook(version=1, title="", models=models, default=Price(nanousd=1)) for models in (before, after)]
    assert [one.weight for one in changes(*books) if one.jumps(Fraction(2))] == [jump]


def test_a_pattern_that_is_left_out_is_a_jump() -> None:
    ollama = Pattern(match="ollama/*", price=KNOWN)
    before = PriceBook(version=1, title="", models={}, patterns=(ollama,), default=Price(nanousd=1))
    after = before.model_copy(update={"patterns": ()})
    [jump] = changes(before, after)
    assert (jump.model, jump.weight, jump.jumps(Fraction(2))) == ("ollama/* (pattern)", "every", True)
    assert [one.is_new for one in changes(after, before)] == [True, True]


def test_a_missing_price_is_refused_by_name_without_a_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Given a model without a price, one whose plain name has one, and a free one
    free = {"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    entries = {"m": CHAT, "new-model": {"mode": "chat"}, "github_copilot/m": {"mode": "chat"}, "free": free}
    before = in_force(tmp_path, Price(prompt=3_000_000, completion=12_000_000))
    # When a book is built, Then the first is named, and nothing is written
    status, out = run(tmp_path, *before, **entries)
    assert (status, out.exists()) == (1, False)
    complaint = capsys.readouterr().err
    assert "1 models have no price:\nnew-model\n" in complaint
    # And with the flag it is left out, so that it cannot be called
    status, out = run(tmp_path, *before, "--allow-missing", **entries)
    book = PriceBook.model_validate_json(out.read_bytes())
    assert (status, sorted(book.models), book.named("new-model")) == (0, ["m"], None)


def test_a_wrong_price_ends_the_command_without_a_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(tmp_path, m=CHAT | {"input_cost_per_token": -1})
    assert (status, out.exists()) == (1, False)
    assert "m: input_cost_per_token is -1, negative" in capsys.readouterr().err


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "much"])
def test_a_margin_that_is_not_above_zero_is_refused(tmp_path: Path, amount: str) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "--margin", amount, m=CHAT)


def test_what_differs_is_one_line_for_each_weight() -> None:
    before = PriceBook(version=1, title="", models={"a": Price(prompt=1, completion=1)}, default=Price(nanousd=1))
    after = PriceBook(version=1, title="", models={"b": Price(second=7)}, default=Price(nanousd=1))
    found = changes(before, after)
    assert [(one.model, one.weight, one.before, one.after) for one in found] == [
        ("a", "every", 1, None),
        ("b", "second", None, 7),
    ]
    assert [one.jumps(Fraction(2)) for one in found] == [True, False]
    assert len(table(found).splitlines()) == 3


def test_the_book_beside_is_that_of_the_installed_cost_map() -> None:
    if not list((FILE.parents[2] / ".local").glob("litellm/venv/lib/python*")):
        pytest.skip("LiteLLM is not installed")
    stored = PriceBook.model_validate_json(FILE.read_bytes())
    pricing = Pricing(Decimal("1.2"), Decimal(1))
    assert build(CostMap.read(installed()), pricing, stored.version, stored.title).book.hash == stored.hash


@pytest.mark.parametrize(
    ("model", "cost_usd"),
    [
        ("openai/gpt-4o", "0.0125"),
        ("gpt-4o-2024-08-06", "0.0125"),
        ("gpt-4-0613", "0.09"),
        ("openai/gpt-4-0613", "0.09"),
        ("claude-3-opus-20240229", "0.09"),
        ("gpt-4o-mini", "0.00075"),
        ("gpt-5-nano", "0.00045"),
        ("gpt-5-pro", "0.135"),
        ("openai/o1-pro", "0.75"),
    ],
)
def test_public_case_11_a_thousand_tokens_each_way_weigh_what_they_cost(model: str, cost_usd: str) -> None:
    book = PriceBook.model_validate_json(FILE.read_bytes())
    rated = book.price(model).rate(Used(Tokens(prompt=1_000, completion=1_000), Units()))
    assert rated == Decimal(cost_usd) * Decimal("1.2") * 10**12
