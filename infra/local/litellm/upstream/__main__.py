"""`python -m infra.local.litellm.upstream PORT`: answers like OpenAI's API, so that model calls need no network.

Its usage is known beforehand: a prompt has as many tokens as words, an answer as many as the request allows. Words in
the prompt make it fail, wait or break off (see `Wishes`).
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from infra.local.litellm.upstream.answers import APIS, Api, Request
from infra.local.litellm.upstream.wishes import Wishes
from infra.local.ports import HOST

BODY_BYTES_MAX: Final = 64 * 1024 * 1024


def answering(api: Api) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make the handler of one API."""

    async def answer(http: web.Request) -> web.StreamResponse:
        try:
            request = Request.model_validate_json(await http.read())
        except ValidationError as error:
            return _failure(400, "invalid_request_error", str(error))
        wishes = Wishes.of(request.text, api.id_prefix)
        await asyncio.sleep(wishes.sleep_seconds)
        if wishes.fails:
            return _failure(500, "server_error", "the prompt asked for a failure")
        if request.stream:
            return await _stream(http, api, request, wishes)
        return web.json_response(api.whole(request, wishes))

    return answer


async def _stream(http: web.Request, api: Api, request: Request, wishes: Wishes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(http)
    for number, part in enumerate(api.parts(request, wishes)):
        if number == wishes.parts_max:
            return response
        if wishes.pause_seconds:
            await asyncio.sleep(wishes.pause_seconds)
        await response.write(b"data: " + json.dumps(part).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


def _failure(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": kind, "code": str(status)}}, status=status)


async def list_models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": []})


def application() -> web.Application:
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_get("/v1/models", list_models)
    for path, api in APIS.items():
        app.router.add_post(path, answering(api))
    return app


if __name__ == "__main__":
    web.run_app(application(), host=HOST, port=int(sys.argv[1]), print=None)
