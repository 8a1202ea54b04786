"""The WebSocket API's routes, as API Gateway names them, onto the use cases."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flareflow.errors import InvalidRequestError, RequestError
from flareflow.json_format import to_json
from flareflow.realtime.connections import Connect, Watch
from flareflow.realtime.ports import Connections, ConnectionSender

type Number = Annotated[int, Field(ge=0, lt=2**64)]


class RequestContext(BaseModel):
    """Which route was taken, and by which connection."""

    route_key: Annotated[str, Field(alias="routeKey")]
    connection_id: Annotated[str, Field(alias="connectionId")]


class WebSocketEvent(BaseModel):
    """What API Gateway sends for each step of a connection, as far as we read it."""

    request_context: Annotated[RequestContext, Field(alias="requestContext")]
    query: Annotated[dict[str, str] | None, Field(alias="queryStringParameters")] = None
    body: str | None = None


class WatchRequest(BaseModel):
    """`after`: the number of the last message that the client has seen."""

    model_config = ConfigDict(extra="forbid")

    action: str
    subscription_id: Number
    after: Number | None = None


@dataclass(frozen=True, slots=True)
class Routes:
    """Answer a step of a connection; only `$connect` is refused by status, all else by a message of type `error`."""

    connect: Connect
    watch: Watch
    connections: Connections
    sender: ConnectionSender

    def run(self, event: WebSocketEvent) -> HTTPStatus:
        """Raises UnavailableError, which the client sees as a refused step."""
        connection_id = event.request_context.connection_id
        match event.request_context.route_key:
            case "$connect":
                return self._connect(connection_id, (event.query or {}).get("ticket", ""))
            case "$disconnect":
                self.connections.remove(connection_id)
            case "watch":
                self._watch(connection_id, event.body or "")
            case _:
                self._complain(connection_id, InvalidRequestError("unknown_action", "The action is `watch`."))
        return HTTPStatus.OK

    def _connect(self, connection_id: str, ticket: str) -> HTTPStatus:
        try:
            self.connect.run(connection_id, ticket)
        except RequestError as error:
            return error.status
        return HTTPStatus.OK

    def _watch(self, connection_id: str, body: str) -> None:
        try:
            wanted = WatchRequest.model_validate_json(body)
            self.watch.run(connection_id, wanted.subscription_id, wanted.after)
        except ValidationError:
            wish = "Send action, subscription_id and, to resume, after."
            self._complain(connection_id, InvalidRequestError("invalid_request", wish))
        except RequestError as error:
            self._complain(connection_id, error)

    def _complain(self, connection_id: str, error: RequestError) -> None:
        self.sender.send(connection_id, to_json({"type": "error", "code": error.code, "detail": str(error)}))
