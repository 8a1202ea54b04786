"""The events of a WebSocket API: CONNECT, MESSAGE and DISCONNECT.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping

TIME_FORMAT: Final = "%d/%b/%Y:%H:%M:%S +0000"


@dataclass(frozen=True, slots=True)
class Handshake:
    """The parts that all events of one connection have in common."""

    request: web.Request
    connection_id: str
    connected_at_ms: int
    api_id: str
    stage: str

    def connect(self) -> dict[str, Any]:
        event = {
            **_both("headers", "multiValueHeaders", self.request.headers),
            "requestContext": self._context("$connect", "CONNECT"),
            "isBase64Encoded": False,
        }
        if self.request.query:
            event |= _both("queryStringParameters", "multiValueQueryStringParameters", self.request.query)
        return event

    def message(self, route_key: str, body: str) -> dict[str, Any]:
        context = self._context(route_key, "MESSAGE") | {"messageId": uuid.uuid4().hex[:16]}
        return {"requestContext": context, "body": body, "isBase64Encoded": False}

    def disconnect(self, code: int, reason: str) -> dict[str, Any]:
        context = self._context("$disconnect", "DISCONNECT")
        context |= {"disconnectStatusCode": code, "disconnectReason": reason}
        headers = {"Host": self.request.host, "X-Forwarded-For": self.request.remote or "", "x-api-key": ""}
        return {
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "requestContext": context,
            "isBase64Encoded": False,
        }

    def identity(self) -> dict[str, str]:
        return {
            "sourceIp": self.request.remote or "",
            "userAgent": self.request.headers.get("User-Agent", ""),
        }

    def _context(self, route_key: str, event_type: str) -> dict[str, Any]:
        now = time.time()
        request_id = uuid.uuid4().hex[:16]
        return {
            "routeKey": route_key,
            "eventType": event_type,
            "extendedRequestId": request_id,
            "requestId": request_id,
            "requestTime": time.strftime(TIME_FORMAT, time.gmtime(now)),
            "requestTimeEpoch": int(now * 1000),
            "messageDirection": "IN",
            "stage": self.stage,
            "connectedAt": self.connected_at_ms,
            "identity": self.identity(),
            "domainName": self.request.host,
            "connectionId": self.connection_id,
            "apiId": self.api_id,
        }


def _both(single: str, multiple: str, values: MultiMapping[str]) -> dict[str, Mapping[str, Any]]:
    """Headers or query parameters in both forms of payload format 1.0: the last value of each name, and all values."""
    every = {name: values.getall(name) for name in values}
    return {single: {name: given[-1] for name, given in every.items()}, multiple: every}
