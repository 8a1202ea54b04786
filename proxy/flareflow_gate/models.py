"""Which models may be called: those that have a price, whichever of their fallbacks answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from flareflow_gate.refusals import RefusedError


@dataclass(frozen=True, slots=True)
class CallableModels:
    """`priced` returns the names in the price book in force; `fallbacks` are the models that may answer for another."""

    priced: Callable[[], frozenset[str]]
    fallbacks: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def check(self, model: str) -> None:
        """Raises RefusedError unless every model that could answer for `model` has a price."""
        self.check_prices()
        if not self.may_be_called(model):
            message = f"There is no model {model!r} here. GET /v1/models lists all."
            raise RefusedError(HTTPStatus.NOT_FOUND, "model_not_found", message, "model")

    def check_prices(self) -> None:
        """Raises RefusedError before the first price book has been read."""
        if not self.priced():
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "no_price_book", "There are no prices yet. Try again.")

    def may_be_called(self, model: str) -> bool:
        return self.priced().issuperset({model, *self.fallbacks.get(model, ())})
