"""Which models may be called: those that are configured and have a price, whichever of their fallbacks answers.

LiteLLM also answers to what a deployment calls, such as `openai/gpt-4o`: whoever asked for that would choose a price
that the operator has not set for the model.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final, Protocol

from flareflow.metering.calls import Tokens
from flareflow.metering.price_book import Price, Used
from flareflow_gate.refusals import RefusedError


class Prices(Protocol):
    """The prices in force."""

    def are_known(self) -> bool:
        """False before the first price book was read."""

    def of(self, model: str) -> tuple[Price, ...]:
        """The prices of what a model's deployments call; none where one of them has no price by tokens."""

    def billed(self, model: str, base_model: str | None, tokens: Tokens) -> int:
        """What these tokens of a model weigh, as metering rates them; 0 before the first price book."""


_ONE_MODEL: Final = re.compile(r"[A-Za-z0-9_.:@/+-]+")
"""What a pattern of the configuration may stand for. LiteLLM splits lists at commas, and sends a name in an address to
some providers: with `?` or `#` in it, or `..` between slashes, another model would answer than the one whose price the
name ends with.
"""


@dataclass(frozen=True, slots=True)
class CallableModels:
    """`thinks`: whether a model may think unseen by the caller.

    `fallbacks`: for each model of the configuration, those that may answer for it. `*` in a name stands for any text.
    """

    prices: Prices
    fallbacks: Mapping[str, frozenset[str]]
    thinks: Callable[[str], bool] = lambda _: False

    def check(self, model: str) -> None:
        """Raises RefusedError unless `model` is configured and every model that could answer for it has a price."""
        self.check_prices()
        if not self.may_be_called(model):
            message = f"There is no model {model!r} here. GET /v1/models lists all."
            raise RefusedError(HTTPStatus.NOT_FOUND, "model_not_found", message, "model")

    def check_prices(self) -> None:
        """Raises RefusedError before the first price book has been read."""
        if not self.prices.are_known():
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "no_price_book", "There are no prices yet. Try again.")

    def may_be_called(self, model: str) -> bool:
        answering = self.answering(model)
        return bool(answering) and all(self.prices.of(one) for one in answering)

    def most(self, model: str, prompt_tokens: int, output_tokens: int) -> int:
        """The most that a call with so many tokens can weigh, in rated micro-tokens, whichever model answers."""
        return max((price.most(prompt_tokens, output_tokens) or 0 for price in self._prices(model)), default=0)

    def rated(self, model: str, answered_by: str | None, tokens: Tokens) -> int:
        """What a call of `model` weighs at most that has used these tokens, in rated micro-tokens.

        It is that of the dearest deployment of the model that answered; if nobody told which, of all that may have.
        """
        answering = self.answering(model)
        may_have = answering if answered_by is None or answered_by not in answering else {answered_by}
        prices = (price for one in may_have for price in self.prices.of(one))
        return max((price.rate(Used(tokens)) or 0 for price in prices), default=0)

    def billed(self, model: str, base_model: str | None, tokens: Tokens) -> int:
        """What a call weighs that `model` has answered, in rated micro-tokens."""
        return self.prices.billed(model, base_model, tokens)

    def dearest(self, model: str) -> Price:
        """The price of a model that may be called; the highest of its deployments' prices."""
        return max(self.prices.of(model), key=lambda price: price.most(1, 1) or 0)

    def may_think(self, model: str) -> bool:
        return any(map(self.thinks, self.answering(model)))

    def answering(self, model: str) -> Set[str]:
        """The model and those that may answer for it; empty for one that is not configured."""
        names = [model] if model in self.fallbacks else self._patterns(model)
        return {model}.union(*(self.fallbacks[name] for name in names)) if names else set()

    def _patterns(self, model: str) -> list[str]:
        """The patterns that cover a model without a deployment of its own."""
        if not _ONE_MODEL.fullmatch(model) or not all(part.strip(".") for part in model.split("/")):
            return []
        return [name for name in self.fallbacks if fnmatchcase(model, name)]

    def _prices(self, model: str) -> Iterator[Price]:
        return (price for one in self.answering(model) for price in self.prices.of(one))
