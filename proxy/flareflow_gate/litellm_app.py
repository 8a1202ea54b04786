"""The only module that knows LiteLLM's Python: its application, and how it counts tokens."""

from collections.abc import Iterable
from typing import Final

import litellm
from litellm.proxy.proxy_server import app

from flareflow_gate.asgi import Asgi
from flareflow_gate.counting import pieces

LITELLM: Final[Asgi] = app


class LiteLLMTokenCounter:
    """`TokenCounter` with the tokenizer that LiteLLM has for the model."""

    def count(self, model: str, counted: Iterable[str]) -> int:
        return sum(int(litellm.token_counter(model=model, text=piece)) for piece in pieces(counted))
