"""The HTTP API: the template's routes, authorizer and CORS rules in front of the functions.

A request has at most 10 MB and its function 30 s, as at API Gateway. The throttling of the template is not applied.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from infra.local.aws.gateway.deployment import Deployment
from infra.local.aws.gateway.functions import EventTooLargeError, Functions, ThrottledError
from infra.local.aws.gateway.http_event import MalformedResponseError, Received, response_of
from infra.local.aws.gateway.routing import Authorizer, RouteTable
from infra.local.aws.gateway.runtime import Outcome
from infra.local.aws.gateway.signatures import signer_of

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
INTEGRATION_SECONDS: Final = 30.0


class RefusedError(Exception):
    """API Gateway answers with an error of its own: the function was not invoked, or its answer cannot be used."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def response(self) -> web.Response:
        return web.json_response({"message": str(self)}, status=self.status)


@dataclass(frozen=True, slots=True)
class Cors:
    """The API's CORS rules. API Gateway answers preflight requests by them, without any function."""

    origins: Sequence[str]
    methods: Sequence[str]
    headers: Sequence[str]
    exposed: Sequence[str]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Cors":
        """The rules of an API's `x-amazon-apigateway-cors`; none of them allows nothing."""
        return cls(*(given.get(name, []) for name in ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders")))

    def is_preflight(self, request: web.Request) -> bool:
        return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers

    def preflight(self, request: web.Request) -> web.Response:
        response = web.Response(status=204)
        if self.allow(request, response):
            response.headers["Access-Control-Allow-Methods"] = ",".join(self.methods)
            response.headers["Access-Control-Allow-Headers"] = ",".join(self.headers)
        return response

    def allow(self, request: web.Request, response: web.Response) -> bool:
        """Add the header that lets the page read the response, if the request's origin is allowed; returns whether."""
        origin = request.headers.get("Origin")
        if origin is None or origin not in self.origins:
            return False
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = ",".join(self.exposed)
        response.headers["Vary"] = "Origin"
        return True


class HttpApi:
    """Serves the template's HTTP API. `body` is its resolved OpenAPI document."""

    def __init__(self, api_id: str, body: Mapping[str, Any], functions: Functions) -> None:
        self._api_id = api_id
        self.routes = RouteTable.of(body)
        self._functions = functions
        self._cors = Cors.of(body.get("x-amazon-apigateway-cors") or {})

    @classmethod
    def of(cls, deployment: Deployment, functions: Functions) -> "HttpApi":
        """The one HTTP API of the template."""
        api_id, body = deployment.http_api
        return cls(api_id, body, functions)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_route("*", "/{path:(?s:.*)}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.Response:
        if self._cors.is_preflight(request):
            return self._cors.preflight(request)
        try:
            response = await self._integrate(request)
        except RefusedError as refused:
            response = refused.response()
        self._cors.allow(request, response)
        return response

    async def _integrate(self, request: web.Request) -> web.Response:
        found = self.routes.match(request.method, request.rel_url.raw_path)
        if found is None:
            raise RefusedError(404, "Not Found")
        route, parameters = found
        received = Received(request, await _body(request), route, parameters, self._api_id)
        outcome = await self._invoke(route.function, received.event(await self._sender(received, route.authorizer)))
        if outcome.is_error:
            raise RefusedError(500, "Internal Server Error")
        try:
            return response_of(outcome.payload)
        except MalformedResponseError as error:
            raise RefusedError(500, "Internal Server Error") from error

    async def _sender(self, received: Received, authorizer: Authorizer | None) -> Mapping[str, Any] | None:
        """What the event tells of who sends the request; None on a route for everybody. Raises `RefusedError`."""
        if authorizer is None:
            return None
        if not authorizer.is_iam:
            return {"lambda": await self._authorize(received, authorizer)}
        request, headers = received.request, {name.lower(): value for name, value in received.request.headers.items()}
        signer = signer_of(request.method, str(request.url), headers, received.body, datetime.now(UTC))
        if signer is None:
            raise RefusedError(403, "Forbidden")
        return {"iam": signer}

    async def _authorize(self, received: Received, authorizer: Authorizer) -> Mapping[str, Any]:
        """Returns the context that the authorizer adds to the event. Raises `RefusedError` 401, 403 or 500."""
        headers = {name.lower(): value for name, value in received.request.headers.items()}
        identity = authorizer.identity(headers, received.route.key)
        if not all(identity):
            raise RefusedError(401, "Unauthorized")
        outcome = await self._invoke(authorizer.function, received.authorizer_event(identity))
        if outcome.is_error:
            raise RefusedError(500, "Internal Server Error")
        answer = json.loads(outcome.payload)
        if answer.get("isAuthorized") is not True:
            raise RefusedError(403, "Forbidden")
        context: Mapping[str, Any] = answer.get("context") or {}
        return context

    async def _invoke(self, function: str, event: Mapping[str, Any]) -> Outcome:
        invocation = self._functions.invoke(function, json.dumps(event).encode())
        try:
            # Shielded: as in AWS, a handler that takes longer goes on running.
            return await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(invocation)), INTEGRATION_SECONDS)
        except (TimeoutError, ThrottledError) as error:
            raise RefusedError(503, "Service Unavailable") from error
        except EventTooLargeError as error:
            raise RefusedError(413, "Request Entity Too Large") from error


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise RefusedError(413, "Request Entity Too Large") from error
