"""Payload format 2.0 of HTTP APIs: a request becomes an event, the handler's answer becomes a response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import binascii
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from infra.local.aws import session as aws
from infra.local.aws.gateway.routing import Route
from infra.local.aws.gateway.runtime import trace_id

VERSION: Final = "2.0"
TEXT_TYPES: Final = ("text/", "application/json", "application/xml", "application/javascript")
TIME_FORMAT: Final = "%d/%b/%Y:%H:%M:%S +0000"


@dataclass(frozen=True, slots=True)
class Received:
    """A request that was read completely, with the route that it takes."""

    request: web.Request
    body: bytes
    route: Route
    path_parameters: Mapping[str, str]
    api_id: str

    def event(self, sender: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The event for the route's function. `sender`: the context of a Lambda authorizer, or who IAM says it is."""
        event = {**self._common(), "isBase64Encoded": False}
        if sender is not None:
            event["requestContext"]["authorizer"] = sender
        if self.body:
            event |= self._encoded_body()
        return event

    def authorizer_event(self, identity: list[str]) -> dict[str, Any]:
        """The event for the Lambda authorizer: the request without its body."""
        resource = f"{self.api_id}/$default/{self.request.method}{self.request.path}"
        route_arn = aws.arn("execute-api", resource)
        return {**self._common(), "type": "REQUEST", "routeArn": route_arn, "identitySource": identity}

    def _common(self) -> dict[str, Any]:
        request = self.request
        event: dict[str, Any] = {
            "version": VERSION,
            "routeKey": self.route.key,
            "rawPath": request.path,
            "rawQueryString": request.rel_url.raw_query_string,
            "headers": self._headers(),
            "requestContext": self._context(),
        }
        if cookies := [cookie.strip() for cookie in request.headers.get("Cookie", "").split(";") if cookie.strip()]:
            event["cookies"] = cookies
        if request.query:
            event["queryStringParameters"] = {name: ",".join(request.query.getall(name)) for name in request.query}
        if self.path_parameters:
            event["pathParameters"] = dict(self.path_parameters)
        return event

    def _headers(self) -> dict[str, str]:
        given = self.request.headers
        headers = {name.lower(): ",".join(given.getall(name)) for name in given if name.lower() != "cookie"}
        return headers | {
            "x-amzn-trace-id": trace_id().partition(";")[0],
            "x-forwarded-for": self.request.remote or "",
            "x-forwarded-port": str(self.request.url.port),
            "x-forwarded-proto": "http",
        }

    def _context(self) -> dict[str, Any]:
        now = time.time()
        request = self.request
        return {
            "accountId": aws.ACCOUNT_ID,
            "apiId": self.api_id,
            "domainName": request.host,
            "domainPrefix": self.api_id,
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
                "sourceIp": request.remote or "",
                "userAgent": request.headers.get("User-Agent", ""),
            },
            "requestId": uuid.uuid4().hex[:16],
            "routeKey": self.route.key,
            "stage": "$default",
            "time": time.strftime(TIME_FORMAT, time.gmtime(now)),
            "timeEpoch": int(now * 1000),
        }

    def _encoded_body(self) -> dict[str, Any]:
        is_text = self.request.headers.get("Content-Type", "").lower().startswith(TEXT_TYPES)
        text = self.body.decode(errors="replace") if is_text else base64.b64encode(self.body).decode()
        return {"body": text, "isBase64Encoded": not is_text}


class MalformedResponseError(Exception):
    """The handler's answer is no response that API Gateway could send; the client gets a 500."""


def response_of(payload: bytes) -> web.Response:
    """The HTTP response for a handler's answer. Raises `MalformedResponseError`.

    An answer without `statusCode` is, as a whole, the JSON body of a response with status 200.
    """
    answer = json.loads(payload)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return web.Response(text=text, content_type="application/json")
    try:
        return _declared_response(answer)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise MalformedResponseError(f"the handler's answer is no HTTP response: {payload[:200]!r}") from error


def _declared_response(answer: Mapping[str, Any]) -> web.Response:
    body = answer.get("body") or ""
    content = base64.b64decode(body, validate=True) if answer.get("isBase64Encoded") else body.encode()
    response = web.Response(status=int(answer["statusCode"]), body=content)
    response.headers["Content-Type"] = "text/plain;charset=utf-8"
    for name, value in (answer.get("headers") or {}).items():
        response.headers[name] = str(value)
    for cookie in answer.get("cookies") or []:
        response.headers.add("Set-Cookie", cookie)
    response.headers.popall("Content-Length", None)
    return response
