"""A price book from LiteLLM's cost map, a margin and a unit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from flareflow.metering.calls import TOKEN_KINDS
from flareflow.metering.model_names import spellings
from flareflow.metering.price_book import INPUT_KINDS, LongWeights, Price, PriceBook
from infra.price_book.cost_map import PRICE, CostMap, Entry, dollars, long_inputs, with_first_tier

MICROTOKENS_PER_UNIT: Final = Decimal(10**12)
NANOUSD: Final = Decimal("1e-9")
NO_PRICE: Final = "no price"
MAKES_IMAGES: Final = frozenset({"image_generation", "image_edit"})
TOLD_BY_TOKENS: Final = frozenset({"chat", "completion", "responses", "embedding"})
"""Modes whose calls always tell their tokens. Of others, often only the cost is known."""
WITHOUT_OUTPUT: Final = frozenset({"embedding", "rerank", "moderation"})
TOKEN_PRICES: Final[Mapping[str, tuple[str, ...]]] = {
    "prompt": ("input_cost_per_token",),
    "cache_read": ("cache_read_input_token_cost", "input_cost_per_token_cache_hit"),
    "cache_write": ("cache_creation_input_token_cost",),
    "completion": ("output_cost_per_token",),
    "reasoning": ("output_cost_per_reasoning_token",),
    "audio_input": ("input_cost_per_audio_token",),
    "audio_output": ("output_cost_per_audio_token",),
}


@dataclass(frozen=True, slots=True)
class Pricing:
    """`margin`: what a dollar of cost is charged, 1.2 for a fifth more. `unit`: dollars for a million rated tokens."""

    margin: Decimal
    unit: Decimal

    def weight(self, price: Decimal) -> int:
        """Rated micro-tokens of what costs so many dollars, rounded down. Raises ValueError where nothing is left."""
        exact = price * self.margin * MICROTOKENS_PER_UNIT / self.unit
        weight = int(exact.to_integral_value(ROUND_FLOOR))
        if price and not weight:
            raise ValueError(f"{price} dollars weigh less than a rated micro-token; the unit is too large")
        return weight

    @property
    def nanousd(self) -> int:
        return self.weight(NANOUSD)


@dataclass(slots=True)
class Built:
    """The book, and what was left out of it with the reason."""

    book: PriceBook
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def without_price(self) -> Sequence[str]:
        """The models that have no price in the map, and none in the book by a spelling of their names."""
        return [name for name, why in self.left_out.items() if why == NO_PRICE and self.book.named(name) is None]


def build(cost_map: CostMap, pricing: Pricing, version: int, title: str) -> Built:
    """Raises ValueError where a price cannot be expressed."""
    models, left_out = dict[str, Price](), dict[str, str]()
    for name, entry in sorted(cost_map.entries.items()):
        price = _price(name, with_first_tier(entry), pricing)
        if isinstance(price, Price):
            models[name] = price
        else:
            left_out[name] = price
    default = Price(nanousd=pricing.nanousd)
    models = {**_plain(models), **models}
    return Built(PriceBook(version=version, title=title, models=models, default=default), left_out)


def _price(name: str, entry: Entry, pricing: Pricing) -> Price | str:
    """The price of a model, or why it has none."""
    if "commitment" in name:
        return "paid by the time that it is reserved"
    weights = _weights(entry, pricing)
    units = {} if any(weights.values()) else _units(entry, pricing)
    is_by_cost = not weights or entry.get("mode") not in TOLD_BY_TOKENS
    if not weights and not units and not _has_price(entry):
        return NO_PRICE
    if not _is_charged(entry):
        return "free of charge"
    price = Price(**weights, **units, **({"nanousd": pricing.nanousd} if is_by_cost else {}))
    return price.model_copy(update={"long": tuple(_long(entry, price, pricing))}) if weights else price


def _weights(entry: Entry, pricing: Pricing) -> dict[str, int]:
    """The weights of tokens; empty where tokens have no price. A kind that weighs like text is left out."""
    prices = {kind: dollars(entry, *names) for kind, names in TOKEN_PRICES.items()}
    if entry.get("mode") in MAKES_IMAGES:
        images = dollars(entry, "output_cost_per_image_token")
        prices["completion"] = max((one for one in (prices["completion"], images) if one is not None), default=None)
    if prices["completion"] is None and entry.get("mode") in WITHOUT_OUTPUT:
        prices["completion"] = Decimal(0)
    if prices["prompt"] is None or prices["completion"] is None:
        return {}
    weights = {kind: pricing.weight(price) for kind, price in prices.items() if price is not None}
    return _own(weights)


def _long(entry: Entry, price: Price, pricing: Pricing) -> list[LongWeights]:
    """The weights for long inputs; a kind that the map does not name there stays as dear as it is."""
    found: list[LongWeights] = []
    for above, prices in long_inputs(entry):
        before = found[-1] if found else price
        given = _prices_of(prices, pricing)
        weights = {kind: max(given.get(kind, 0), before.of(kind) or 0) for kind in TOKEN_KINDS}
        found.append(LongWeights(above=above, **_own(weights)))
    return found


def _prices_of(entry: Entry, pricing: Pricing) -> dict[str, int]:
    prices = {kind: dollars(entry, *names) for kind, names in TOKEN_PRICES.items()}
    return {kind: pricing.weight(price) for kind, price in prices.items() if price is not None}


def _units(entry: Entry, pricing: Pricing) -> dict[str, int]:
    """The weights of a request, an image and a second of sound."""
    units: dict[str, Decimal | None] = {
        "request": dollars(entry, "input_cost_per_request"),
        "image": dollars(entry, "output_cost_per_image", "input_cost_per_image")
        if _makes(entry, *MAKES_IMAGES)
        else None,
        "second": (
            dollars(entry, "input_cost_per_second", "output_cost_per_second")
            if _makes(entry, "audio_transcription")
            else None
        ),
    }
    return {name: pricing.weight(price) for name, price in units.items() if price}


def _makes(entry: Entry, *modes: str) -> bool:
    return entry.get("mode") in modes


def _has_price(entry: Entry) -> bool:
    return any(PRICE.fullmatch(name) and value is not None for name, value in entry.items())


def _is_charged(entry: Entry) -> bool:
    """Whether any price is above 0."""
    return any(PRICE.fullmatch(name) and _above_zero(value) for name, value in entry.items())


def _above_zero(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_above_zero(one) for one in value.values())
    if isinstance(value, list):
        return any(_above_zero(one) for one in value)
    return isinstance(value, Decimal) and value > 0


def _plain(models: Mapping[str, Price]) -> dict[str, Price]:
    """For models that have no plain name in the map: the plain name, with the highest weight of each kind.

    A name without a number, such as `rerank`, may be anything.
    """
    found: dict[str, list[Price]] = defaultdict(list)
    for name, price in models.items():
        plain = spellings(name)[-1]
        if plain not in models and price.prompt is not None and any(letter.isdigit() for letter in plain):
            found[plain].append(price)
    return {name: _dearest(prices) for name, prices in found.items()}


def _dearest(prices: Sequence[Price]) -> Price:
    """A price of the highest weight of each kind, by cost as well if one of them is."""
    every = [weights for price in prices for weights in (price, *price.long)]
    given = {
        kind: [getattr(weights, kind) for weights in every if getattr(weights, kind) is not None]
        for kind in TOKEN_KINDS
    }
    by_cost = max((price.nanousd for price in prices if price.nanousd is not None), default=None)
    return Price(**_own({kind: max(weights) for kind, weights in given.items() if weights}), nanousd=by_cost)


def _own(weights: Mapping[str, int]) -> dict[str, int]:
    """Weights without those of kinds that weigh like text anyway."""
    text = {kind: weights["prompt" if kind in INPUT_KINDS else "completion"] for kind in weights}
    return {kind: one for kind, one in weights.items() if kind in {"prompt", "completion"} or one != text[kind]}
