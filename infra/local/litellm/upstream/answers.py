"""The answers of OpenAI's APIs: a token for each word of the prompt, and as many as allowed in the answer."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from infra.local.litellm.upstream.wishes import Wishes, prompt_of

COMPLETION_TOKENS_DEFAULT: Final = 16
COMPLETION_TOKENS_MAX: Final = 100_000
CHOICES_MAX: Final = 100
WORD: Final = "word "
"""What a stream says, one a token."""
EMBEDDING: Final = [0.0, 0.25, 0.5]

type Answer = dict[str, Any]


class Request(BaseModel):
    """The fields that are used here of a request, whichever API it is for."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: list[dict[str, Any]] | None = None
    prompt: Any = None
    input: Any = None
    max_tokens: int | None = Field(default=None, ge=1, le=COMPLETION_TOKENS_MAX)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=COMPLETION_TOKENS_MAX)
    max_output_tokens: int | None = Field(default=None, ge=1, le=COMPLETION_TOKENS_MAX)
    n: int | None = Field(default=None, ge=1, le=CHOICES_MAX)
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None

    @property
    def text(self) -> str:
        return prompt_of(self.messages or self.prompt or self.input or "")

    @property
    def prompt_tokens(self) -> int:
        return len(self.text.split())

    @property
    def completion_tokens(self) -> int:
        return self.max_tokens or self.max_completion_tokens or self.max_output_tokens or COMPLETION_TOKENS_DEFAULT

    @property
    def wants_usage(self) -> bool:
        return bool((self.stream_options or {}).get("include_usage"))


@dataclass(frozen=True, slots=True)
class Api(ABC):
    """One API; its answers have ids that begin with `id_prefix`."""

    id_prefix: str

    def tokens(self, request: Request) -> int:
        """The tokens of question and answer."""
        return request.prompt_tokens + request.completion_tokens

    @abstractmethod
    def whole(self, request: Request, wishes: Wishes) -> Answer:
        """The answer in one piece."""

    def parts(self, request: Request, wishes: Wishes) -> Iterator[Answer]:
        """The same answer as the events of a stream."""
        raise NotImplementedError(f"{type(self).__name__} has no streams")


def _openai_usage(request: Request, wishes: Wishes) -> Answer:
    prompt, completion = request.prompt_tokens, request.completion_tokens + wishes.reasoning_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {"reasoning_tokens": wishes.reasoning_tokens},
    }


def _envelope(request: Request, wishes: Wishes, kind: str) -> Answer:
    return {"id": wishes.answer_id, "object": kind, "created": int(time.time()), "model": request.model}


class Chat(Api):
    """`/v1/chat/completions`."""

    def whole(self, request: Request, wishes: Wishes) -> Answer:
        message = {"role": "assistant", "content": " ".join(["word"] * request.completion_tokens)}
        choices = [{"index": index, "message": message, "finish_reason": "stop"} for index in range(request.n or 1)]
        usage = {"usage": _openai_usage(request, wishes)} if wishes.tells_usage else {}
        return {**_envelope(request, wishes, "chat.completion"), "choices": choices, **usage}

    def parts(self, request: Request, wishes: Wishes) -> Iterator[Answer]:
        envelope = _envelope(request, wishes, "chat.completion.chunk")
        for _ in range(request.completion_tokens):
            delta = {"role": "assistant", "content": WORD}
            yield {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield {**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        if request.wants_usage:
            yield {**envelope, "choices": [], "usage": _openai_usage(request, wishes)}


class Text(Api):
    """`/v1/completions`."""

    def whole(self, request: Request, wishes: Wishes) -> Answer:
        choice = {"index": 0, "text": " ".join(["word"] * request.completion_tokens), "finish_reason": "stop"}
        return {
            **_envelope(request, wishes, "text_completion"),
            "choices": [choice],
            "usage": _openai_usage(request, wishes),
        }

    def parts(self, request: Request, wishes: Wishes) -> Iterator[Answer]:
        envelope = _envelope(request, wishes, "text_completion")
        for _ in range(request.completion_tokens):
            yield {**envelope, "choices": [{"index": 0, "text": WORD, "finish_reason": None}]}
        yield {**envelope, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
        if request.wants_usage:
            yield {**envelope, "choices": [], "usage": _openai_usage(request, wishes)}


class Embeddings(Api):
    """`/v1/embeddings`; its answers have no id."""

    def tokens(self, request: Request) -> int:
        return request.prompt_tokens

    def whole(self, request: Request, wishes: Wishes) -> Answer:
        inputs = request.input if isinstance(request.input, list) else [request.input]
        data = [{"object": "embedding", "index": index, "embedding": EMBEDDING} for index, _ in enumerate(inputs)]
        usage = {"prompt_tokens": request.prompt_tokens, "total_tokens": request.prompt_tokens}
        return {"object": "list", "data": data, "model": request.model, "usage": usage}


class Responses(Api):
    """`/v1/responses`, which LiteLLM calls for `/v1/messages` too."""

    def whole(self, request: Request, wishes: Wishes) -> Answer:
        text = " ".join(["word"] * request.completion_tokens)
        return {
            "id": wishes.answer_id,
            "object": "response",
            "created_at": int(time.time()),
            "status": "completed",
            "model": request.model,
            "output": [_output(text)],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                "input_tokens": request.prompt_tokens,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": request.completion_tokens,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": request.prompt_tokens + request.completion_tokens,
            },
        }

    def parts(self, request: Request, wishes: Wishes) -> Iterator[Answer]:
        whole = self.whole(request, wishes)
        begun = {**whole, "status": "in_progress", "output": [], "usage": None}
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.output_item.added", "output_index": 0, "item": _output("") | {"content": []}}
        yield {"type": "response.content_part.added", **place, "part": _output_text("")}
        for _ in range(request.completion_tokens):
            yield {"type": "response.output_text.delta", **place, "delta": WORD}
        yield {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]}
        yield {"type": "response.completed", "response": whole}


def _output(text: str) -> Answer:
    content = [_output_text(text)]
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}


def _output_text(text: str) -> Answer:
    return {"type": "output_text", "text": text, "annotations": []}


RESPONSES: Final = "/v1/responses"
APIS: Final = {
    "/v1/chat/completions": Chat("chatcmpl-"),
    "/v1/completions": Text("cmpl-"),
    "/v1/embeddings": Embeddings(""),
    RESPONSES: Responses("resp_"),
}
