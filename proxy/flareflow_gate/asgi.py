"""ASGI: its types, and what the gate reads and answers by itself."""

from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, Final

from flareflow_gate.refusals import ErrorStyle, RefusedError, invalid

type Message = MutableMapping[str, Any]
type Scope = MutableMapping[str, Any]
type Send = Callable[[Message], Awaitable[None]]
type Receive = Callable[[], Awaitable[Message]]
type Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
POLICY_VIOLATION: Final = 1008
"""A close code of WebSockets."""


def rewritten(scope: Scope, path: str, headers: list[tuple[bytes, bytes]]) -> Scope:
    """The request as LiteLLM gets it: the gate's path and headers, and no query, which LiteLLM adds to the body."""
    return {**scope, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}


async def whole_body(scope: Scope, receive: Receive) -> bytes:
    """The body of a request. Raises RefusedError for one that is compressed, too long or not whole."""
    if any(name.lower() == b"content-encoding" for name, _ in scope["headers"]):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compressed_body", "Send the body uncompressed.")
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise invalid("incomplete_body", "The body did not arrive whole.")
        content += message.get("body", b"")
        if len(content) > BODY_BYTES_MAX:
            limit = f"A request has at most {BODY_BYTES_MAX} bytes."
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request_too_large", limit)
        if not message.get("more_body"):
            return bytes(content)


async def refuse(send: Send, error: RefusedError, style: ErrorStyle) -> None:
    """Answer with a refusal of the gate's own."""
    await answer_json(send, error.status, error.body(style))


async def answer_json(send: Send, status: int, body: bytes) -> None:
    """Send a whole answer of JSON."""
    await answer_whole(send, status, body, b"application/json")


async def answer_whole(send: Send, status: int, body: bytes, media_type: bytes) -> None:
    """Send a whole answer."""
    headers = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def close_websocket(send: Send) -> None:
    """Refuse a WebSocket: a realtime session is many calls in one."""
    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
