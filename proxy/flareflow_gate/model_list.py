"""LiteLLM's list of models, without those that may not be called, and with the prices of the others."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flareflow.metering.price_book import Price, Weights
from flareflow_gate.answers import AnswerTooLongError
from flareflow_gate.asgi import Message
from flareflow_gate.costs import cost_text
from flareflow_gate.key_refusals import KeyRefusal, key_refusal
from flareflow_gate.models import CallableModels

LIST_BYTES_MAX: Final = 16 * 1024 * 1024


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str


class _List(BaseModel):
    model_config = ConfigDict(extra="allow")

    data: Annotated[list[_Model], Field(max_length=100_000)]


class ModelList:
    """The ASGI `send` that LiteLLM gets for a list of models; it keeps what the caller gets.

    Where LiteLLM refuses the key, `refused_key` says why; its other errors are passed on.
    """

    def __init__(self, models: CallableModels) -> None:
        self._models = models
        self._received = bytearray()
        self.status: int = HTTPStatus.BAD_GATEWAY

    async def send(self, message: Message) -> None:
        """Take one message of LiteLLM's."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self._received += message.get("body", b"")
        if len(self._received) > LIST_BYTES_MAX:
            raise AnswerTooLongError(f"a list of models is longer than {LIST_BYTES_MAX} bytes")

    @property
    def refused_key(self) -> KeyRefusal | None:
        return key_refusal(bytes(self._received)) if self.status >= HTTPStatus.BAD_REQUEST else None

    @property
    def body(self) -> bytes:
        """The list, or LiteLLM's error as it is."""
        try:
            listed = _List.model_validate_json(bytes(self._received))
        except ValidationError:
            return bytes(self._received)
        kept = [self._with_prices(model) for model in listed.data if self._models.may_be_called(model.id)]
        return listed.model_copy(update={"data": kept}).model_dump_json().encode()

    def _with_prices(self, model: _Model) -> _Model:
        return model.model_copy(update={"pricing": pricing(self._models.dearest(model.id))})


def pricing(price: Price) -> Mapping[str, Any]:
    """What a model weighs, in rated tokens as decimal strings: a token of each kind, and each request.

    `long`: what tokens weigh in calls whose input has more tokens than `above`.
    """
    told: dict[str, Any] = {"unit": "rated tokens", **_told(price)}
    if price.long:
        told["long"] = [{"above": str(one.above), **_told(one)} for one in price.long]
    return told


def _told(weights: Weights) -> Mapping[str, str]:
    given = weights.model_dump(exclude_none=True, exclude={"long", "above"})
    return {kind: cost_text(weight) for kind, weight in given.items()}
