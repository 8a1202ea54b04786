"""`python -m infra.local.litellm.upstream PORT`: answers like OpenAI's API, so that model calls need no network.

Its usage is known beforehand: a prompt has as many tokens as words, an answer as many as the request allows. Words in
the prompt make it fail, wait or break off (see `Wishes`).
"""

import asyncio
import json
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from infra.local.litellm.upstream.answers import APIS, RESPONSES, WORD, Api, Request
from infra.local.litellm.upstream.wishes import Wishes
from infra.local.ports import HOST

BODY_BYTES_MAX: Final = 64 * 1024 * 1024
SERVED_MAX: Final = 100_000
WORD_OF_STREAM: Final = json.dumps(WORD).encode()

type Served = dict[str, str | int]


class Upstream:
    """Serves the APIs, and tells at `GET /served` what each call cost: its model, and how many tokens it used."""

    def __init__(self) -> None:
        self._served: deque[Served] = deque(maxlen=SERVED_MAX)
        self._failed_once: set[str] = set()

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_get("/v1/models", _list_models)
        app.router.add_get("/v1/responses/{id}", _read_again)
        app.router.add_get("/served", self._tell_served)
        for path, api in APIS.items():
            app.router.add_post(path, self._answering(api))
        return app

    async def _tell_served(self, _: web.Request) -> web.Response:
        return web.json_response(list(self._served))

    def _answering(self, api: Api) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make the handler of one API."""

        async def answer(http: web.Request) -> web.StreamResponse:
            try:
                request = Request.model_validate_json(await http.read())
            except ValidationError as error:
                return _failure(400, "invalid_request_error", str(error))
            wishes = Wishes.of(request.text, api.id_prefix)
            await asyncio.sleep(wishes.sleep_seconds)
            if wishes.fails or self._fails_once(wishes):
                return _failure(500, "server_error", "the prompt asked for a failure")
            served: Served = {"model": request.model, "tokens": request.prompt_tokens}
            self._served.append(served)
            if request.stream:
                return await _stream(http, api.parts(request, wishes), wishes, served)
            served["tokens"] = api.tokens(request)
            return web.json_response(api.whole(request, wishes))

        return answer

    def _fails_once(self, wishes: Wishes) -> bool:
        if wishes.fails_once is None or wishes.fails_once in self._failed_once:
            return False
        self._failed_once.add(wishes.fails_once)
        return True


async def _stream(
    http: web.Request, parts: Iterator[dict[str, Any]], wishes: Wishes, served: Served
) -> web.StreamResponse:
    """Send the parts; each that holds a word of the answer is a token served."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(http)
    for number, part in enumerate(parts):
        if number == wishes.parts_max:
            return response
        if wishes.pause_seconds:
            await asyncio.sleep(wishes.pause_seconds)
        content = json.dumps(part).encode()
        served["tokens"] = int(served["tokens"]) + content.count(WORD_OF_STREAM)
        await response.write(b"data: " + content + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


def _failure(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": kind, "code": str(status)}}, status=status)


async def _read_again(http: web.Request) -> web.Response:
    """A response that was made before, as everybody asks for it: three words of input, twenty of output."""
    made = Request.model_validate({"model": "gpt-4o", "input": "three words here", "max_output_tokens": 20})
    return web.json_response(APIS[RESPONSES].whole(made, Wishes.of(f"id={http.match_info['id']}", "")))


async def _list_models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": []})


if __name__ == "__main__":
    web.run_app(Upstream().application(), host=HOST, port=int(sys.argv[1]), print=None)
