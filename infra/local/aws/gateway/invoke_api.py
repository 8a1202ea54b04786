"""The part of Lambda's API that the demo and the tests use: Invoke and ListFunctions."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any, Final

from aiohttp import web

from infra.local.aws.gateway.functions import Functions, ThrottledError
from infra.local.aws.gateway.runtime import EVENT_BYTES_MAX, Outcome

FUNCTIONS: Final = "/2015-03-31/functions"


class InvokeApi:
    """Serves `POST /2015-03-31/functions/{name or ARN}/invocations`.

    An `Event` invocation is answered at once and runs once; AWS would repeat one that fails.
    """

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._running: set[asyncio.Task[Any]] = set()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=EVENT_BYTES_MAX)
        app.router.add_get(f"{FUNCTIONS}/", self._list)
        app.router.add_post(f"{FUNCTIONS}/{{name}}/invocations", self._invoke)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        listed = [
            {"FunctionName": function.spec.name, "FunctionArn": function.spec.arn}
            for function in self._functions.by_name.values()
        ]
        return web.json_response({"Functions": listed})

    async def _invoke(self, request: web.Request) -> web.Response:
        name = request.match_info["name"].rpartition(":")[2]
        if name not in self._functions.by_name:
            return _refused(404, "ResourceNotFoundException", f"Function not found: {name}")
        try:
            payload = await request.read() or b"{}"
        except web.HTTPRequestEntityTooLarge:
            message = f"Request must be smaller than {EVENT_BYTES_MAX} bytes for the InvokeFunction operation"
            return _refused(413, "RequestEntityTooLargeException", message)
        invocation = self._functions.invoke(name, payload)
        if request.headers.get("X-Amz-Invocation-Type") == "Event":
            self._run_in_background(invocation)
            return web.Response(status=202, headers=_request_id())
        try:
            outcome = await invocation
        except ThrottledError as error:
            return _refused(429, "TooManyRequestsException", str(error))
        failed = {"X-Amz-Function-Error": "Unhandled"} if outcome.is_error else {}
        headers = {**_request_id(), **failed, "X-Amz-Executed-Version": "$LATEST"}
        return web.Response(body=outcome.payload, content_type="application/json", headers=headers)

    def _run_in_background(self, invocation: Coroutine[Any, Any, Outcome]) -> None:
        task = asyncio.create_task(_until_done(invocation))
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def _until_done(invocation: Coroutine[Any, Any, Outcome]) -> None:
    try:
        await invocation
    except ThrottledError as error:
        print(f"an asynchronous event was dropped: {error}", flush=True)


def _request_id() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid.uuid4())}


def _refused(status: int, code: str, message: str) -> web.Response:
    headers = {**_request_id(), "X-Amzn-Errortype": code}
    return web.json_response({"Type": "User", "Message": message}, status=status, headers=headers)
