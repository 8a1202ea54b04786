"""The routes that a virtual key may call. Everything else that LiteLLM serves is out of reach."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flareflow_gate import parameters
from flareflow_gate.parameters import Parameters
from flareflow_gate.refusals import ErrorStyle


class Protocol(StrEnum):
    """How a route reports usage; the value is the call type of LiteLLM's spend log."""

    CHAT = "acompletion"
    TEXT = "atext_completion"
    EMBEDDING = "aembedding"
    RESPONSES = "aresponses"
    MESSAGES = "anthropic_messages"

    @property
    def has_stream_options(self) -> bool:
        """Whether a stream tells its usage only where `stream_options` ask for it."""
        return self in {Protocol.CHAT, Protocol.TEXT}


@dataclass(frozen=True, slots=True)
class Route:
    """One route for model calls; LiteLLM gets it under `path`, whatever name it was called by."""

    path: str
    protocol: Protocol
    parameters: type[Parameters]
    style: ErrorStyle = ErrorStyle.OPENAI


MODEL_CALLS: Final = (
    Route("/v1/chat/completions", Protocol.CHAT, parameters.ChatCompletion),
    Route("/v1/completions", Protocol.TEXT, parameters.TextCompletion),
    Route("/v1/embeddings", Protocol.EMBEDDING, parameters.Embedding),
    Route("/v1/responses", Protocol.RESPONSES, parameters.Response),
    Route("/v1/messages", Protocol.MESSAGES, parameters.AnthropicMessages, ErrorStyle.ANTHROPIC),
)
MODELS: Final = "/v1/models"
USAGE: Final = "/v1/usage"
CREDITS: Final = "/v1/credits"
LIVELINESS: Final = "/health/liveliness"
READINESS: Final = "/health/readiness"

_RECEIPT: Final = re.compile(r"(?:/v1)?/receipts/([A-Za-z0-9-]{1,64})")
_BY_PATH: Final[Mapping[str, Route]] = {
    path: route for route in MODEL_CALLS for path in (route.path, route.path.removeprefix("/v1"))
}


def model_call_route(path: str) -> Route | None:
    """The route for a path, with or without `/v1`; compared exactly."""
    return _BY_PATH.get(path)


def is_model_list(path: str) -> bool:
    return _is(path, MODELS)


def is_usage(path: str) -> bool:
    return _is(path, USAGE)


def is_credits(path: str) -> bool:
    return _is(path, CREDITS)


def _is(path: str, route: str) -> bool:
    """With or without `/v1`, as SDKs are told the base URL with it."""
    return path in {route, route.removeprefix("/v1")}


def receipt_of(path: str) -> str | None:
    """The event whose receipt a path asks for."""
    asked = _RECEIPT.fullmatch(path)
    return asked and asked[1]
