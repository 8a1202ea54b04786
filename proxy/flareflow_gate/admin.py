"""The second door, for FlareFlow's own functions: the few routes of LiteLLM's administration that they use."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flareflow_gate.asgi import Asgi, Receive, Scope, Send, close_websocket, refuse
from flareflow_gate.callers import caller_of
from flareflow_gate.refusals import ErrorStyle, RefusedError

READINESS: Final = ("GET", "/health/readiness")
"""What a load balancer asks without a key."""

ROUTES: Final = {
    ("POST", "/key/generate"),
    ("POST", "/key/update"),
    ("POST", "/key/delete"),
    ("POST", "/key/block"),
    ("POST", "/key/unblock"),
    ("GET", "/key/info"),
    ("GET", "/key/list"),
    ("GET", "/spend/logs/v2"),
    ("GET", "/user/daily/activity"),
}


@dataclass(frozen=True, slots=True)
class Admin:
    """Lets the master key use `ROUTES`."""

    litellm: Asgi
    is_management_key: Callable[[str], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await close_websocket(send)
            return
        try:
            self._check(scope)
        except RefusedError as error:
            await refuse(send, error, ErrorStyle.OPENAI)
        else:
            await self.litellm(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        route = scope["method"], scope["path"]
        if route == READINESS:
            return
        if route not in ROUTES:
            raise RefusedError(HTTPStatus.NOT_FOUND, "unknown_route", "There is no such route here.")
        if not self.is_management_key(caller_of(scope["headers"]).key_hash):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "invalid_api_key", "Only the master key is let in here.")
