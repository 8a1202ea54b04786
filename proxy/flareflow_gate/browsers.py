"""Calls from web pages: browsers ask first whether a page of another origin may call (CORS).

Every page may. A browser sends nothing to the gate by itself: a call carries a key only if the page's code has it, and
such code could call from anywhere else too.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flareflow_gate.answers import EVENT_ID_HEADER
from flareflow_gate.asgi import Asgi, Message, Receive, Scope, Send
from flareflow_gate.costs import COST_HEADER
from flareflow_gate.receipts import RECEIPT_HEADER

EVERY_PAGE: Final = (b"access-control-allow-origin", b"*")
PREFLIGHT_SECONDS: Final = 7200
"""How long a browser keeps the answer to a preflight request; none keeps it for longer."""
READABLE: Final = b", ".join((EVENT_ID_HEADER, COST_HEADER, RECEIPT_HEADER, b"retry-after"))


@dataclass(frozen=True, slots=True)
class OpenToBrowsers:
    """Answers preflight requests, and lets pages read what `app` answers."""

    app: Asgi

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        if scope["type"] != "http" or b"origin" not in headers:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _answer_preflight(headers, send)
        else:
            await self.app(scope, receive, _readable(send))


async def _answer_preflight(headers: dict[bytes, bytes], send: Send) -> None:
    """Allow the routes' methods, and whatever headers are asked for: the gate reads the key and drops the others."""
    allowed = [
        EVERY_PAGE,
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", headers.get(b"access-control-request-headers", b"")),
        (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": int(HTTPStatus.NO_CONTENT), "headers": allowed})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _readable(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = [EVERY_PAGE, (b"access-control-expose-headers", READABLE)]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sent
