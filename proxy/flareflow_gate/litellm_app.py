"""The only module that knows LiteLLM's Python: its application, and how it counts tokens."""

from collections.abc import Iterable
from typing import Final

import litellm
from litellm.proxy import proxy_server

from flareflow_gate.asgi import Asgi
from flareflow_gate.counting import pieces

LITELLM: Final[Asgi] = proxy_server.app


def longest_answer(model: str) -> int | None:
    """The most tokens that an answer can have, as LiteLLM's configuration or list says; None if neither does."""
    router = proxy_server.llm_router
    info = router.get_model_group_info(model) if router else None
    return int(info.max_output_tokens) if info and info.max_output_tokens else None


class LiteLLMTokenCounter:
    """`TokenCounter` with the tokenizer that LiteLLM has for the model."""

    def count(self, model: str, counted: Iterable[str]) -> int:
        return sum(int(litellm.token_counter(model=model, text=piece)) for piece in pieces(counted))


def supports_reasoning(model: str) -> bool:
    """Whether LiteLLM knows a provider's model as one that thinks before it writes."""
    return bool(litellm.supports_reasoning(model=model))
