"""The AWS endpoint of the functions: all their calls go through here, and their roles have to allow each of them.

A function's access key id is its own name, so the credential in the signature says who calls. A call that the role
allows is forwarded to DynamoDB Local, moto or the WebSocket API; any other is refused as AWS refuses it. Signatures
are not verified.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from yarl import URL

from infra.local.aws import session as aws
from infra.local.aws.gateway.aws_calls import AwsCall, Request, UnknownCallError, parse_call
from infra.local.aws.gateway.partial_batches import PartialBatch
from infra.local.aws.gateway.policies import Access, Role
from infra.local.aws.gateway.sqs_orders import SqsOrders
from infra.local.ports import url

BODY_BYTES_MAX: Final = 64 * 1024 * 1024
ANSWER_SECONDS_MAX: Final = 60.0
IDLE_SECONDS: Final = 10.0  # less than the servers behind keep a connection open
OF_ONE_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect"})
JSON_1_0: Final = "application/x-amz-json-1.0"


class AccessDeniedError(Exception):
    """The caller's role does not allow the call; the message is AWS' own."""


@dataclass(slots=True)
class AwsEndpoint:
    """Serves AWS' APIs to the functions. `roles` are by function; `websocket_api` is the id of the WebSocket API."""

    roles: Mapping[str, Role]
    websocket_api: str
    sqs: SqsOrders = field(default_factory=SqsOrders)
    _client: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.router.add_route("*", "/{path:(?s:.*)}", self._serve)
        app.on_startup.append(self._connect)
        app.on_cleanup.append(self._disconnect)
        return app

    async def _connect(self, _: web.Application) -> None:
        self._client = aiohttp.ClientSession(
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX),
        )

    async def _disconnect(self, _: web.Application) -> None:
        if self._client is not None:
            await self._client.close()

    async def _serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            call = self._allowed(request, body)
        except AccessDeniedError as denied:
            print(f"refused: {denied}", flush=True)
            return _refusal(request, str(denied))
        target = request.headers.get("X-Amz-Target", "")
        batch = PartialBatch.of(target, body) or self.sqs.partial_send(target, body)
        answer = await self._forward(request, batch.done if batch else body, _backend(call))
        if batch and answer.status == 200:
            return web.Response(body=batch.answer(answer.body), content_type=JSON_1_0)  # type: ignore[arg-type]
        return _refusal(request, "Access Denied") if self._must_hide(call, answer) else answer

    def _allowed(self, request: web.Request, body: bytes) -> AwsCall:
        """The call, if the caller's role allows all of it. Raises `AccessDeniedError`."""
        asked = Request(
            method=request.method,
            path=request.rel_url.raw_path,
            query=request.query,
            authorization=request.headers.get("Authorization", ""),
            target=request.headers.get("X-Amz-Target", ""),
            body=body,
        )
        try:
            call = parse_call(asked, self.websocket_api)
        except UnknownCallError as error:
            raise AccessDeniedError(f"refused by the local stack, because {error}") from error
        role = self.roles.get(call.caller)
        if role is None:
            raise AccessDeniedError(f"The access key {call.caller} belongs to no function of the template")
        if refused := role.first_refused(call.accesses):
            raise AccessDeniedError(_denial(call.caller, role, refused))
        return call

    def _must_hide(self, call: AwsCall, answer: web.Response) -> bool:
        """S3 says that an object is missing only to those who may list its bucket."""
        bucket = call.accesses[0].resource.partition("/")[0]
        may_list = self.roles[call.caller].allows(Access("s3:ListBucket", bucket))
        return call.service == "s3" and answer.status == 404 and not may_list

    async def _forward(self, request: web.Request, body: bytes, backend: str) -> web.Response:
        assert self._client is not None, "the endpoint serves only after its start"
        target = URL(backend + request.raw_path, encoded=True)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in OF_ONE_HOP]
        try:
            async with self._client.request(request.method, target, headers=headers, data=body) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return web.json_response({"__type": "ServiceUnavailable", "message": str(error)}, status=503)
        response = web.Response(status=answer.status, body=content)
        for name, value in answer.headers.items():
            if name.lower() not in OF_ONE_HOP:
                response.headers[name] = value
        return response


def _backend(call: AwsCall) -> str:
    match call.service:
        case "dynamodb":
            return url("dynamodb")
        case "execute-api":
            return url("gateway_websocket")
        case _:
            return url("moto")


def _denial(caller: str, role: Role, refused: Access) -> str:
    user = f"arn:{aws.PARTITION}:sts::{aws.ACCOUNT_ID}:assumed-role/{role.name}/{caller}"
    return (
        f"User: {user} is not authorized to perform: {refused.action} on resource: {refused.resource} "
        f"because no identity-based policy allows the {refused.action} action"
    )


def _refusal(request: web.Request, message: str) -> web.Response:
    """In the form of the protocol that the request speaks: JSON with a target, JSON by path, or XML (S3)."""
    if "X-Amz-Target" in request.headers:
        error = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": message, "Message": message}
        return web.Response(status=400, text=json.dumps(error), content_type=JSON_1_0)
    if "@connections" in request.path:
        headers = {"X-Amzn-Errortype": "AccessDeniedException"}
        return web.json_response({"Message": message}, status=403, headers=headers)
    error_xml = f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
    return web.Response(status=403, text=error_xml, content_type="application/xml")
