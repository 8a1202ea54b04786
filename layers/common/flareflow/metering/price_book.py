"""The price book: what a token of each kind of each model weighs in rated tokens, and how a call is rated by it.

docs/price-book.md explains the document, so that everybody can rate a call anew. The gate uses this module too, in
LiteLLM's environment: it needs pydantic and nothing else.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from math import sumprod
from pathlib import Path
from typing import Annotated, Final, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from flareflow.metering.calls import NO_TOKENS, NO_UNITS, TOKEN_KINDS, Tokens, Units, counts
from flareflow.metering.model_names import NAME_CHARACTERS_MAX, spellings
from flareflow.values import value

BOOK_FILE: Final = Path(__file__).with_name("price_book.json")
WEIGHT_MAX: Final = 10**18
MODELS_MAX: Final = 20_000
LONG_PRICES_MAX: Final = 8
MILLISECONDS: Final = 1_000
REMEMBERED_MAX: Final = 10_000
INPUT_KINDS: Final = ("prompt", "cache_read", "cache_write", "audio_input")
OUTPUT_KINDS: Final = ("completion", "reasoning", "audio_output")

_WEIGHED_AS: Final[Mapping[str, str]] = {
    **dict.fromkeys(INPUT_KINDS, "prompt"),
    **dict.fromkeys(OUTPUT_KINDS, "completion"),
}
"""The kind whose weight counts where a price has none for a kind."""

type Weight = Annotated[int, Field(strict=True, ge=0, le=WEIGHT_MAX)]
type Name = Annotated[str, StringConstraints(min_length=1, max_length=NAME_CHARACTERS_MAX, pattern=r"^[!-~]+$")]


class Use(Protocol):
    """What one call used. `cost_nanousd` is what LiteLLM says that it cost; None where nobody knows."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def units(self) -> Units: ...

    @property
    def cost_nanousd(self) -> int | None: ...


@value
class Used:
    """`Use` of a call of which nothing else is known."""

    tokens: Tokens = NO_TOKENS
    units: Units = NO_UNITS
    cost_nanousd: int | None = None


class Weights(BaseModel):
    """Rated micro-tokens of one token of each kind.

    A kind of input without a weight weighs as `prompt`, a kind of output as `completion`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    prompt: Weight | None = None
    cache_read: Weight | None = None
    cache_write: Weight | None = None
    completion: Weight | None = None
    reasoning: Weight | None = None
    audio_input: Weight | None = None
    audio_output: Weight | None = None

    def of(self, kind: str) -> int | None:
        """The weight of a kind of tokens; None when they have no price."""
        own: int | None = getattr(self, kind)
        shared: int | None = getattr(self, _WEIGHED_AS[kind])
        return shared if own is None else own

    @cached_property
    def of_all(self) -> tuple[int | None, ...]:
        """The weights of all kinds, in the order of `TOKEN_KINDS`."""
        return tuple(self.of(kind) for kind in TOKEN_KINDS)

    @cached_property
    def of_all_or_nothing(self) -> tuple[int, ...]:
        """The same, with 0 for kinds that have no price."""
        return tuple(weight or 0 for weight in self.of_all)


class LongWeights(Weights):
    """What all tokens of a call weigh instead whose input has more tokens than `above`."""

    above: Annotated[int, Field(strict=True, ge=0)]


class Price(Weights):
    """What the use of one model weighs, in rated micro-tokens.

    `request`: each call. `image`: each image. `second`: each second of sound. `nanousd`: each 1e-9 dollars of what
    LiteLLM says that the call cost. `long`: other weights for long inputs, by rising `above`; none is less than before.
    """

    request: Weight = 0
    image: Weight | None = None
    second: Weight | None = None
    nanousd: Weight | None = None
    long: Annotated[tuple[LongWeights, ...], Field(max_length=LONG_PRICES_MAX)] = ()

    @model_validator(mode="after")
    def _weigh_something(self) -> Self:
        if not self.request and all(getattr(self, name) is None for name in ("prompt", "image", "second", "nanousd")):
            raise ValueError("a price has at least one of prompt, request, image, second, nanousd")
        if (self.prompt is None) is not (self.completion is None):
            raise ValueError("a price has weights for both prompt and completion, or for none of them")
        return self

    @model_validator(mode="after")
    def _rise(self) -> Self:
        weights: tuple[Weights, ...] = (self, *self.long)
        for lower, higher in pairwise(weights):
            if any((lower.of(kind) or 0) > (higher.of(kind) or 0) for kind in TOKEN_KINDS):
                raise ValueError("a longer input makes no kind of tokens cheaper")
        limits = [one.above for one in self.long]
        if limits != sorted(set(limits)):
            raise ValueError("the weights for long inputs are in the order of their limits")
        return self

    def weights(self, input_tokens: int) -> Weights:
        """The weights of a call with so many tokens of input."""
        return next((one for one in reversed(self.long) if input_tokens > one.above), self)

    def rate(self, used: Use) -> int | None:
        """What `used` weighs: by amounts or by cost, whichever is more. None when it used what has no price."""
        weights = self.weights(used.tokens.input) if self.long else self
        # of integers it is an exact integer, which its stub does not tell
        by_amounts = int(sumprod(counts(used.tokens), weights.of_all_or_nothing))
        by_amounts += sum(self._by_units(used.units)) if used.units is not NO_UNITS else 0
        by_cost = used.cost_nanousd * self.nanousd if used.cost_nanousd and self.nanousd else 0
        weighed = max(by_amounts, by_cost)
        if not weighed and _is_something(used) and not self._prices(used, weights):
            return None
        return self.request + weighed

    def _prices(self, used: Use, weights: Weights) -> bool:
        """Whether something that was used has a price, which may be 0."""
        told = zip(counts(used.tokens), weights.of_all, strict=True)
        is_any_kind_priced = any(amount and weight is not None for amount, weight in told)
        is_cost_priced = bool(used.cost_nanousd) and self.nanousd is not None
        return is_any_kind_priced or is_cost_priced or bool(list(self._by_units(used.units)))

    def _by_units(self, units: Units) -> Iterator[int]:
        """What all that was used and has a price weighs beside tokens. Parts of a second are rounded down."""
        if units.images and self.image is not None:
            yield units.images * self.image
        if units.milliseconds and self.second is not None:
            yield units.milliseconds * self.second // MILLISECONDS

    def most(self, input_tokens: int, output_tokens: int) -> int | None:
        """At least what any call weighs that has at most so many tokens, and nothing else that has a price.

        None when no number of tokens bounds it.
        """
        weights = self.weights(input_tokens)
        if self.prompt is None or self.nanousd is not None:
            return None
        dearest = [max(weights.of(kind) or 0 for kind in kinds) for kinds in (INPUT_KINDS, OUTPUT_KINDS)]
        return self.request + input_tokens * dearest[0] + output_tokens * dearest[1]


def _is_something(used: Use) -> bool:
    return bool(used.tokens.total or used.units != NO_UNITS or used.cost_nanousd)


class Pattern(BaseModel):
    """A price for all models whose name, in lower case, matches; `*` stands for any text."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    match: Name
    price: Price


class PriceBook(BaseModel):
    """One book. `models`: prices by the name of the model. What nothing else covers has the price `default`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Annotated[int, Field(ge=1)]
    title: Annotated[str, StringConstraints(max_length=200)]
    models: Annotated[Mapping[Name, Price], Field(max_length=MODELS_MAX)]
    patterns: Annotated[Sequence[Pattern], Field(max_length=MODELS_MAX)] = ()
    default: Price

    @model_validator(mode="after")
    def _name_each_model_once(self) -> Self:
        if any(name != name.lower() for name in self.models):
            raise ValueError("models are named in lower case")
        return self

    @classmethod
    def load(cls) -> "PriceBook":
        """The book that ships: the classes of the original service, premium x1.5, standard x1.0, economy x0.8."""
        return cls.model_validate_json(BOOK_FILE.read_bytes())

    def named(self, model: str, base_model: str | None = None) -> Price | None:
        """The price of a model by its name or a pattern; None when only the default covers it.

        `model` is the name in the request, `base_model` what the deployment calls. In this order: `model`, the base
        model, the spellings of the base model, those of `model`, and the first pattern that one of all these matches.
        """
        return self._remembered(model, base_model)

    @cached_property
    def _remembered(self) -> Callable[[str, str | None], Price | None]:
        """`_find`, with the prices that were found last."""
        return lru_cache(REMEMBERED_MAX)(self._find)

    def _find(self, model: str, base_model: str | None) -> Price | None:
        names = [name for name in (model, base_model) if name]
        others = [one for name in reversed(names) for one in spellings(name)]
        exact = [one for name in names for one in spellings(name)[:1]]
        by_name = (self.models[one] for one in (*exact, *others) if one in self.models)
        by_pattern = (given.price for given in self.patterns if any(fnmatchcase(one, given.match) for one in others))
        return next(chain(by_name, by_pattern), None)

    def price(self, model: str, base_model: str | None = None) -> Price:
        """The price of a model; the default where the book does not name it."""
        return self.named(model, base_model) or self.default

    @cached_property
    def canonical_json(self) -> str:
        """The book as JSON text in one form: ASCII, keys sorted, no spaces, nothing that is not set."""
        return json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True, separators=(",", ":"))

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the canonical JSON; events and statements carry it."""
        from flareflow.keccak import keccak256  # noqa: PLC0415 (the gate's environment does not have it, nor needs it)

        return keccak256(self.canonical_json.encode())
