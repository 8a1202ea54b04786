"""What a call can cost at most, before it is made."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flareflow.metering.calls import Tokens
from flareflow_gate.parameters import Parameters
from flareflow_gate.requests import ModelCall
from flareflow_gate.routes import Protocol as Api

HIDDEN_PROMPT_TOKENS: Final = 1_024
"""What providers add to a prompt: its frame, and instructions for tools."""
MEDIA_TOKENS: Final = 50_000
"""The most that one image, recording or file of a prompt is taken for; the largest image costs 48,169 (OpenAI)."""
OUTPUT_TOKENS_UNKNOWN: Final = 131_072
"""The longest answer of a model of which LiteLLM does not know the limit."""

_MEDIA: Final = {"image_url", "input_image", "image", "input_audio", "file", "input_file", "document"}
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class Pricing(Protocol):
    """The price book in force, in rated micro-tokens."""

    def most(self, model: str, prompt_tokens: int, output_tokens: int) -> int:
        """The most that a call with so many tokens can cost, whatever their kinds are."""

    def answering(self, model: str) -> Set[str]:
        """The models that may answer a call of `model`."""

    def rated(self, model: str, answered_by: str | None, tokens: Tokens) -> int:
        """What a call costs at most that has used these tokens; `answered_by` is None where nobody told."""

    def billed(self, model: str, base_model: str | None, tokens: Tokens) -> int:
        """What a call costs that `model` has answered, whose deployments call `base_model`: as metering rates it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`longest_answer` returns a model's own limit in tokens; None where that is not known."""

    pricing: Pricing
    longest_answer: Callable[[str], int | None]

    def most(self, call: ModelCall) -> int:
        """The upper bound of a call: no text has more tokens than bytes."""
        prompt_tokens = len(call.body) + HIDDEN_PROMPT_TOKENS + MEDIA_TOKENS * _media(call.document)
        return self.pricing.most(call.parameters.model, prompt_tokens, self._output_tokens(call))

    def _output_tokens(self, call: ModelCall) -> int:
        if call.route.protocol is Api.EMBEDDING:
            return 0
        given = [limit for name in _LIMITS if (limit := getattr(call.parameters, name, None)) is not None]
        limit = max(given) if given else self._longest_answer(call.parameters.model)
        return limit * _answers(call.parameters)

    def _longest_answer(self, model: str) -> int:
        """That of whichever model answers."""
        return max(self.longest_answer(one) or OUTPUT_TOKENS_UNKNOWN for one in self.pricing.answering(model))


def _answers(parameters: Parameters) -> int:
    """How many answers the caller asks for."""
    return max(1, *(getattr(parameters, name, None) or 1 for name in ("n", "best_of")))


def _media(document: Mapping[str, Any]) -> int:
    """How many parts of the prompt are no text."""
    found, waiting = 0, [document.get("messages"), document.get("input"), document.get("system")]
    while waiting:
        match waiting.pop():
            case dict() as part:
                found += part.get("type") in _MEDIA
                waiting += [value for value in part.values() if isinstance(value, dict | list)]
            case list() as parts:
                waiting += [value for value in parts if isinstance(value, dict | list)]
    return found
