"""An upstream that answers like OpenAI's API, so that model calls need no network and cost nothing.

Its usage is known beforehand: a prompt has as many tokens as words, an answer has `max_tokens` tokens
(`COMPLETION_TOKENS_DEFAULT` if the caller sets none). The prompt can order a failure: with the word `boom` the answer
is 500, with `sleep=2.5` it comes after so many seconds.
"""

import asyncio
import json
import re
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Final

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from infra.local.ports import HOST

COMPLETION_TOKENS_DEFAULT: Final = 16
COMPLETION_TOKENS_MAX: Final = 100_000
SLOW_SECONDS_MAX: Final = 60.0
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
FAIL: Final = "boom"
SLOW: Final = re.compile(r"\bsleep=(\d+(?:\.\d+)?)")


class Message(BaseModel):
    role: str
    content: str


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The fields of a chat completion request that are used here."""

    model: str
    messages: list[Message] = Field(min_length=1)
    max_tokens: int = Field(default=COMPLETION_TOKENS_DEFAULT, ge=1, le=COMPLETION_TOKENS_MAX)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()

    @property
    def prompt(self) -> str:
        return " ".join(message.content for message in self.messages)

    @property
    def usage(self) -> dict[str, int]:
        words = len(self.prompt.split())
        return {
            "prompt_tokens": words,
            "completion_tokens": self.max_tokens,
            "total_tokens": words + self.max_tokens,
        }

    @property
    def slow_seconds(self) -> float:
        marker = SLOW.search(self.prompt)
        return min(float(marker[1]), SLOW_SECONDS_MAX) if marker else 0.0


def completion(request: ChatRequest) -> dict[str, object]:
    message = {"role": "assistant", "content": " ".join(["word"] * request.max_tokens)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**_envelope(request, "chat.completion"), "choices": [choice], "usage": request.usage}


def chunks(request: ChatRequest) -> Iterator[dict[str, object]]:
    """The same answer as the chunks of a stream."""
    envelope = _envelope(request, "chat.completion.chunk")
    for _ in range(request.max_tokens):
        delta = {"role": "assistant", "content": "word "}
        yield {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    if request.stream_options.include_usage:
        yield {**envelope, "choices": [], "usage": request.usage}


def _envelope(request: ChatRequest, kind: str) -> dict[str, object]:
    identity = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": identity, "object": kind, "created": int(time.time()), "model": request.model}


async def answer_chat(http: web.Request) -> web.StreamResponse:
    try:
        request = ChatRequest.model_validate_json(await http.read())
    except ValidationError as error:
        return _failure(400, "invalid_request_error", str(error))
    await asyncio.sleep(request.slow_seconds)
    if FAIL in request.prompt:
        return _failure(500, "server_error", "the prompt asked for a failure")
    if request.stream:
        return await _stream(http, request)
    return web.json_response(completion(request))


async def _stream(http: web.Request, request: ChatRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(http)
    for chunk in chunks(request):
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


def _failure(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": kind, "code": str(status)}}, status=status)


async def list_models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": []})


def application() -> web.Application:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_get("/v1/models", list_models)
    app.router.add_post("/v1/chat/completions", answer_chat)
    return app


if __name__ == "__main__":
    web.run_app(application(), host=HOST, port=int(sys.argv[1]), print=None)
