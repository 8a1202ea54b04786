"""docs/openapi.json in Swagger UI, for this machine only: `make docs`.

Swagger UI comes with Powertools, so nothing is loaded from elsewhere. Requests that are tried out are passed on to the
API of the running local stack: a page of another origin may not ask it.
"""

import asyncio
import sys
from importlib.resources import files
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from infra.local.ports import HOST, port, url
from infra.openapi.document import FILE

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
SECONDS_MAX: Final = 35.0
ASSETS: Final = files("aws_lambda_powertools.event_handler.openapi.swagger_ui")
STYLE, SCRIPT = "swagger-ui.min.css", "swagger-ui-bundle.min.js"
PASSED_ON: Final = frozenset({"authorization", "content-type", "idempotency-key", "if-none-match"})
DROPPED: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "connection"})
"""Headers of an answer that are about its transport, which is another one here."""
PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>FlareFlow's API</title>
<link rel="stylesheet" href="/{STYLE}">
<div id="ui"></div>
<script src="/{SCRIPT}"></script>
<script>SwaggerUIBundle({{url: "/openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null}})</script>
</html>
"""


async def page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def document(_: web.Request) -> web.Response:
    return web.Response(body=FILE.read_bytes(), content_type="application/json")


async def style(_: web.Request) -> web.Response:
    return web.Response(body=ASSETS.joinpath(STYLE).read_bytes(), content_type="text/css")


async def script(_: web.Request) -> web.Response:
    return web.Response(body=ASSETS.joinpath(SCRIPT).read_bytes(), content_type="text/javascript")


async def pass_on(request: web.Request) -> web.Response:
    """The answer of the local stack; 502 where none runs."""
    headers = {name: value for name, value in request.headers.items() if name.lower() in PASSED_ON}
    try:
        async with (
            ClientSession(timeout=ClientTimeout(SECONDS_MAX)) as session,
            session.request(
                request.method,
                url("gateway_http") + request.path_qs,
                headers=headers,
                data=await request.read() or None,
                allow_redirects=False,
            ) as answer,
        ):
            told = {name: value for name, value in answer.headers.items() if name.lower() not in DROPPED}
            return web.Response(status=answer.status, headers=told, body=await answer.read())
    except (ClientError, TimeoutError):
        return web.json_response({"message": "The local stack does not run. `make up` starts it."}, status=502)


def app() -> web.Application:
    made = web.Application(client_max_size=BODY_BYTES_MAX)
    made.router.add_get("/", page)
    made.router.add_get("/openapi.json", document)
    made.router.add_get(f"/{STYLE}", style)
    made.router.add_get(f"/{SCRIPT}", script)
    made.router.add_route("*", "/v1/{path:.*}", pass_on)
    return made


async def serve() -> None:
    runner = web.AppRunner(app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, port("docs")).start()
    print(f"The API's document is at {url('docs')}/ until you press Ctrl-C.")
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        sys.exit(0)
