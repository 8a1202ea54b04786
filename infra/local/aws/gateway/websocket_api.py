"""The WebSocket API: connections, routes by a message's `action`, and the `@connections` management API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
"""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import WSCloseCode, WSMsgType, web

from infra.local.aws.gateway.deployment import Deployment, function_of
from infra.local.aws.gateway.functions import Functions, ThrottledError
from infra.local.aws.gateway.runtime import Outcome
from infra.local.aws.gateway.websocket_event import Handshake
from infra.local.aws.gateway.websocket_frames import FRAME_BYTES_MAX, frames

POST_BYTES_MAX: Final = 128 * 1024
IDLE_SECONDS: Final = 600.0
CONNECTION_SECONDS_MAX: Final = 7200.0
OK_STATUS: Final = range(200, 300)


@dataclass(slots=True)
class Connection:
    """An open connection, and the monotonic times when it was opened and last used in either direction."""

    socket: web.WebSocketResponse
    handshake: Handshake
    opened: float = field(default_factory=time.monotonic)
    last_active: float = field(default_factory=time.monotonic)

    def seconds_left(self) -> float:
        """Seconds until the connection is closed for being idle or old; 0 once it is due."""
        ends = min(self.last_active + IDLE_SECONDS, self.opened + CONNECTION_SECONDS_MAX)
        return max(ends - time.monotonic(), 0.0)

    def touch(self) -> None:
        self.last_active = time.monotonic()

    def send(self, text: str) -> None:
        """Send a message in frames of 32 KB. Raises `ConnectionError` when the client has left."""
        transport = self.handshake.request.transport
        if self.socket.closed or transport is None or transport.is_closing():
            raise ConnectionError
        transport.writelines(frames(text))
        self.touch()


class WebSocketApi:
    """Serves one stage of the API. `routes` maps route keys to function names."""

    def __init__(self, api_id: str, stage: str, routes: Mapping[str, str], functions: Functions) -> None:
        self._api_id = api_id
        self._stage = stage
        self._routes = routes
        self._functions = functions
        self._connections: dict[str, Connection] = {}

    @classmethod
    def of(cls, deployment: Deployment, functions: Functions) -> "WebSocketApi":
        """The one WebSocket API of the template."""
        return cls(deployment.websocket_api_id, stage_of(deployment), routes_of(deployment), functions)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=POST_BYTES_MAX)
        app.router.add_get(f"/{self._stage}", self._serve)
        one = f"/{self._stage}/@connections/{{connection_id}}"
        app.router.add_post(one, self._post)
        app.router.add_get(one, self._describe)
        app.router.add_delete(one, self._delete)
        app.on_shutdown.append(self._close_all)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        connection_id = base64.b64encode(secrets.token_bytes(11)).decode()
        handshake = Handshake(request, connection_id, int(time.time() * 1000), self._api_id, self._stage)
        refusal = await self._refusal(handshake)
        if refusal is not None:
            return refusal
        socket = web.WebSocketResponse(max_msg_size=FRAME_BYTES_MAX)  # clients send each message as one frame
        connection = self._connections[connection_id] = Connection(socket, handshake)
        try:
            await socket.prepare(request)
            await self._receive(connection)
        finally:
            del self._connections[connection_id]
            gone = handshake.disconnect(socket.close_code or WSCloseCode.ABNORMAL_CLOSURE, "")
            await self._invoke("$disconnect", gone)
        return socket

    async def _refusal(self, handshake: Handshake) -> web.Response | None:
        """Invoke $connect; returns the answer with which it refuses the handshake, or None."""
        outcome = await self._invoke("$connect", handshake.connect())
        if outcome is None:
            return None
        if outcome.is_error:
            return web.Response(status=500)
        answer = json.loads(outcome.payload)
        if not isinstance(answer, dict):
            return web.Response(status=500)
        status = int(answer.get("statusCode", 500))
        return None if status in OK_STATUS else web.Response(status=status, headers=answer.get("headers"))

    async def _receive(self, connection: Connection) -> None:
        """Pass messages to their routes, one after the other, until the connection ends."""
        socket = connection.socket
        while not socket.closed:
            try:
                message = await socket.receive(timeout=connection.seconds_left())
            except TimeoutError:
                if not connection.seconds_left():
                    await socket.close(code=WSCloseCode.GOING_AWAY, message=b"Going away")
                continue
            connection.touch()
            if message.type is WSMsgType.TEXT:
                await self._route(connection, message.data)
            elif message.type is WSMsgType.BINARY:
                await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)

    async def _route(self, connection: Connection, body: str) -> None:
        event = connection.handshake.message(self._route_key(body), body)
        outcome = await self._invoke(event["requestContext"]["routeKey"], event)
        if outcome is None or outcome.is_error:
            message = "Forbidden" if outcome is None else "Internal server error"
            context = event["requestContext"]
            answer = {"message": message} | {name: context[name] for name in ("connectionId", "requestId")}
            await connection.socket.send_json(answer)

    def _route_key(self, body: str) -> str:
        """The message's `action` if it names a route, else `$default`."""
        try:
            action = json.loads(body)["action"]
        except (ValueError, TypeError, KeyError):
            return "$default"
        named = isinstance(action, str) and not action.startswith("$") and action in self._routes
        return action if named else "$default"

    async def _invoke(self, route_key: str, event: Mapping[str, Any]) -> Outcome | None:
        """Invoke the route's function; None if the API has no such route."""
        if route_key not in self._routes:
            return None
        try:
            return await self._functions.invoke(self._routes[route_key], json.dumps(event).encode())
        except ThrottledError as error:
            return Outcome.failure("ThrottledError", str(error))

    async def _post(self, request: web.Request) -> web.Response:
        try:
            body = await request.text()
        except web.HTTPRequestEntityTooLarge:
            return _refused(413, "PayloadTooLargeException")
        connection = self._connections.get(request.match_info["connection_id"])
        if connection is None:
            return _refused(410, "GoneException")
        try:
            connection.send(body)
        except ConnectionError:
            return _refused(410, "GoneException")
        return web.Response()

    async def _describe(self, request: web.Request) -> web.Response:
        connection = self._connections.get(request.match_info["connection_id"])
        if connection is None:
            return _refused(410, "GoneException")
        idle = time.monotonic() - connection.last_active
        return web.json_response(
            {
                "connectedAt": _iso(connection.handshake.connected_at_ms / 1000),
                "identity": connection.handshake.identity(),
                "lastActiveAt": _iso(time.time() - idle),
            }
        )

    async def _delete(self, request: web.Request) -> web.Response:
        connection = self._connections.get(request.match_info["connection_id"])
        if connection is None:
            return _refused(410, "GoneException")
        await connection.socket.close()
        return web.Response(status=204)

    async def _close_all(self, _: web.Application) -> None:
        closing = [connection.socket.close(code=WSCloseCode.GOING_AWAY) for connection in self._connections.values()]
        await asyncio.gather(*closing)


def stage_of(deployment: Deployment) -> str:
    """The name of the WebSocket API's one stage."""
    stages = deployment.resolve(dict(deployment.template.of_type("AWS::ApiGatewayV2::Stage")))
    [stage] = [given["StageName"] for given in stages.values() if given["ApiId"] == deployment.websocket_api_id]
    return str(stage)


def routes_of(deployment: Deployment) -> dict[str, str]:
    """Function names by route key."""
    template = deployment.template
    functions = {
        f"integrations/{deployment.physical(name).ref}": function_of(deployment.resolve(given["IntegrationUri"]))
        for name, given in template.of_type("AWS::ApiGatewayV2::Integration")
    }
    routes = [deployment.resolve(given) for _, given in template.of_type("AWS::ApiGatewayV2::Route")]
    return {route["RouteKey"]: functions[route["Target"]] for route in routes}


def _refused(status: int, code: str) -> web.Response:
    return web.json_response({"message": None}, status=status, headers={"X-Amzn-Errortype": code})


def _iso(unix_seconds: float) -> str:
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="milliseconds")
