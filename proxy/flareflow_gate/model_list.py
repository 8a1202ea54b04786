"""LiteLLM's list of models, without those that may not be called."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flareflow_gate.asgi import Message, Send, answer_json
from flareflow_gate.models import CallableModels


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str


class _List(BaseModel):
    model_config = ConfigDict(extra="allow")

    data: Annotated[list[_Model], Field(max_length=100_000)]


class ModelList:
    """The ASGI `send` that LiteLLM gets for a list of models."""

    def __init__(self, models: CallableModels, send: Send) -> None:
        self._models = models
        self._send = send
        self._start: Message = {}
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Take one message of LiteLLM's; answer after the last."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await answer_json(self._send, self._start["status"], self._callable())

    def _callable(self) -> bytes:
        try:
            listed = _List.model_validate_json(bytes(self._body))
        except ValidationError:  # an error of LiteLLM's
            return bytes(self._body)
        kept = [model for model in listed.data if self._models.may_be_called(model.id)]
        return listed.model_copy(update={"data": kept}).model_dump_json().encode()
