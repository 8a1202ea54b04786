"""WebSocket API: API Gateway's events, and the use case behind each route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flareflow.entrypoints import limits
from flareflow.errors import InvalidRequestError, RequestError, TooManyRequestsError
from flareflow.inputs import UInt64

logger = Logger(child=True)


class Identity(BaseModel):
    """Where a connection comes from, by API Gateway's word."""

    source_ip: Annotated[str, Field(alias="sourceIp")]


class RequestContext(BaseModel):
    """The part of the event that names the route and the connection."""

    route_key: Annotated[str, Field(alias="routeKey")]
    connection_id: Annotated[str, Field(alias="connectionId")]
    identity: Identity


class WebSocketEvent(BaseModel):
    """What API Gateway sends when a connection opens, sends a message or closes."""

    request_context: Annotated[RequestContext, Field(alias="requestContext")]
    query: Annotated[dict[str, str] | None, Field(alias="queryStringParameters")] = None
    body: str | None = None


class WatchRequest(BaseModel):
    """`{"action": "watch"}`: `after` is the sequence number of the last message that the client has seen."""

    model_config = ConfigDict(extra="forbid")

    action: str
    subscription_id: UInt64
    after: UInt64 | None = None


@dataclass(frozen=True, slots=True)
class WebSocketAnswer:
    """What API Gateway is told of an event. Only the answer to `$connect` reaches the client, in the handshake."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)

    def for_gateway(self) -> dict[str, Any]:
        headers = {"headers": dict(self.headers)} if self.headers else {}
        return {"statusCode": self.status.value, **headers}


@dataclass(frozen=True, slots=True)
class Routes:
    """Handle one event. `$connect` is refused by its status; other failures are sent as messages of type `error`."""

    limit: Callable[[str, str], None]
    """Takes the route and the source address."""
    connect: Callable[[str, str], None]
    """Takes connection id and ticket."""
    watch: Callable[[str, int, int | None], None]
    """Takes connection id, subscription id and the last sequence number seen."""
    ping: Callable[[str], None]
    """Takes the connection id."""
    disconnect: Callable[[str], None]
    """Takes the connection id."""
    refuse: Callable[[str, RequestError], None]
    """Takes the connection id and why it does not get what it asked for."""

    def run(self, event: WebSocketEvent) -> WebSocketAnswer:
        """Raises UnavailableError, which API Gateway reports to the client as an internal error."""
        connection_id = event.request_context.connection_id
        match event.request_context.route_key:
            case limits.CONNECT:
                return self._connect(event.request_context, (event.query or {}).get("ticket", ""))
            case "$disconnect":
                self.disconnect(connection_id)
            case limits.WATCH:
                self._answer(connection_id, lambda: self._watch(event.request_context, event.body or ""))
            case "ping":
                self._answer(connection_id, lambda: self.ping(connection_id))
            case _:
                self._answer(connection_id, _refuse_action)
        return WebSocketAnswer(HTTPStatus.OK)

    def _connect(self, context: RequestContext, ticket: str) -> WebSocketAnswer:
        source_ip = context.identity.source_ip
        try:
            self.limit(limits.CONNECT, source_ip)
            self.connect(context.connection_id, ticket)
        except RequestError as error:
            logger.info("connection refused", status=error.status.value, code=error.code, source_ip=source_ip)
            return WebSocketAnswer(error.status, _retry_after(error))
        return WebSocketAnswer(HTTPStatus.OK)

    def _answer(self, connection_id: str, answer: Callable[[], None]) -> None:
        """Whatever the client asked for that cannot be done is told by a message."""
        try:
            answer()
        except RequestError as error:
            self.refuse(connection_id, error)

    def _watch(self, context: RequestContext, body: str) -> None:
        self.limit(limits.WATCH, context.identity.source_ip)
        try:
            wanted = WatchRequest.model_validate_json(body)
        except ValidationError as error:
            wish = "Send action, subscription_id and, to resume, after."
            raise InvalidRequestError("invalid_request", wish) from error
        self.watch(context.connection_id, wanted.subscription_id, wanted.after)


def _retry_after(error: RequestError) -> Mapping[str, str]:
    return {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TooManyRequestsError) else {}


def _refuse_action() -> None:
    raise InvalidRequestError("unknown_action", "The actions are `watch` and `ping`.")
