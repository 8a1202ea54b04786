"""What the functions behind the HTTP API share: the resolver, strict parsing of requests, and the forms of answers."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.middlewares.openapi_validation import OpenAPIRequestValidationMiddleware
from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BeforeValidator, WithJsonSchema

from flareflow.entrypoints.limits import LimitRoutes
from flareflow.entrypoints.problems import map_problems, outage, refusal
from flareflow.entrypoints.requests import (
    Event,
    account_of,
    client_of,
    read_json,
    readable,
    route_of,
    sender_of,
)
from flareflow.errors import InvalidRequestError, RequestError, UnavailableError
from flareflow.inputs import Client, Day, KeyText, Moment
from flareflow.limits import LimitRequests

BODY_CHARACTERS_MAX: Final = 64_000
UINT64_MAX: Final = 2**64 - 1
NO_STORE: Final = "no-store"
CSV: Final = "text/csv; charset=utf-8"


class _JsonObjects(OpenAPIRequestValidationMiddleware):
    """Reads each body as a JSON object, whatever its Content-Type says.

    Powertools itself also reads forms, and takes the first element of an array for the object.
    """

    def __init__(self, characters_max: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._characters_max = characters_max

    def _get_body(self, app: Any) -> dict[str, Any]:
        text = app.current_event.decoded_body or ""
        if len(text) > self._characters_max:
            raise InvalidRequestError("invalid_request", f"A body has at most {self._characters_max} characters.")
        try:
            body = read_json(text)
        except ValueError as error:
            raise InvalidRequestError("invalid_request", "body: must be JSON") from error
        if not isinstance(body, dict):
            raise InvalidRequestError("invalid_request", "body: must be a JSON object")
        return body


class HttpApi(APIGatewayHttpResolver):
    """Checks requests and answers against the types of the handlers, and answers every failure with a problem document.

    Requests are text of bounded length, from an account where the route is one of accounts, and within the route's
    limit. HEAD is answered as GET without the body. Answers are private and not cacheable, unless a handler says
    otherwise. A public answer has an `ETag`, and is 304 without a body for who has it already.
    """

    def __init__(
        self,
        limiter: Callable[[], LimitRequests] | None,
        sender: Callable[[Event], str],
        body_characters_max: int,
    ) -> None:
        super().__init__(enable_validation=True, response_validation_error_http_code=HTTPStatus.INTERNAL_SERVER_ERROR)
        self._request_validation_middleware = _JsonObjects(body_characters_max)
        self._sender = sender
        self.limits = LimitRoutes(limiter) if limiter else None
        map_problems(self)

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            request = readable(event)
            account = self._sender(request)
            if self.limits:
                self.limits.run(route_of(request), client_of(request).source_ip, account)
        except RequestError as error:
            return _sent(refusal(APIGatewayProxyEventV2(dict(event)), error))
        except UnavailableError as error:
            return _sent(outage(APIGatewayProxyEventV2(dict(event)), error))
        if request["requestContext"]["http"]["method"] != "HEAD":
            return _cached(request, super().resolve(request, context))
        return {**_cached(request, super().resolve(_as_get(request), context)), "body": ""}


def _sent(answer: Response[str]) -> dict[str, Any]:
    return {"statusCode": answer.status_code, "headers": answer.headers, "body": answer.body}


def _as_get(request: Event) -> Event:
    requested = request["requestContext"]
    return {**request, "requestContext": {**requested, "http": {**requested["http"], "method": "GET"}}}


def _cached(request: Event, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with what caches need to know; without a body where it has none, or the caller has it already."""
    headers = answer["headers"]
    headers.setdefault("Cache-Control", NO_STORE)
    if answer["statusCode"] == HTTPStatus.NO_CONTENT:
        headers.pop("Content-Type", None)
        return {**answer, "body": ""}
    if answer["statusCode"] == HTTPStatus.OK and headers["Cache-Control"].startswith("public"):
        headers["ETag"] = f'"{sha256(answer["body"].encode()).hexdigest()[:32]}"'
        if headers["ETag"] in (request.get("headers") or {}).get("if-none-match", ""):
            return {**answer, "statusCode": HTTPStatus.NOT_MODIFIED.value, "body": ""}
    return answer


def http_api(
    limiter: Callable[[], LimitRequests] | None = None,
    sender: Callable[[Event], str] = sender_of,
    body_characters_max: int = BODY_CHARACTERS_MAX,
) -> HttpApi:
    """A resolver for a function's routes. `limiter` is needed for routes with a limit.

    `sender` says who sends a request, and refuses those who may not; by default it is the account of a session.
    """
    return HttpApi(limiter, sender, body_characters_max)


def refuses[F: Callable[..., Any]](*codes: str) -> Callable[[F], F]:
    """Say which problems a handler answers with, besides those that every route has; docs/openapi.json shows them."""

    def note(handler: F) -> F:
        handler.problems = codes  # type: ignore[attr-defined]
        return handler

    return note


def answers_csv[F: Callable[..., Any]](handler: F) -> F:
    """Say that a handler answers with a table; docs/openapi.json shows it."""
    handler.media_type = "text/csv"  # type: ignore[attr-defined]
    return handler


def caller(app: HttpApi) -> str:
    """The Flow address of the session. Raises UnauthenticatedError `sign_in_required` without one."""
    return account_of(app.current_event)


def session_id(app: HttpApi) -> str:
    """The id of the session that asks."""
    context: Mapping[str, Any] = app.current_event["requestContext"]["authorizer"]["lambda"]
    return str(context["session_id"])


def client(app: HttpApi) -> Client:
    """Who sends the request."""
    return client_of(app.current_event)


def parse_number(text: str) -> int:
    """A UInt64 from decimal digits only. Raises ValueError otherwise."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(UINT64_MAX))):
        raise ValueError("must be a number in decimal digits")
    number = int(text)
    if number > UINT64_MAX:
        raise ValueError(f"must be at most {UINT64_MAX}")
    return number


_NUMBER: Final = (
    BeforeValidator(parse_number),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,20}$", "examples": ["7"]}),
)
NumberInPath = Annotated[int, *_NUMBER, Path()]
"""A UInt64 in decimal digits."""
TextInPath = Annotated[str, Path(max_length=200, examples=["5b7f0c1e"])]
KeyHashInPath = Annotated[str, Path(max_length=64, examples=["9b" * 32], description="The SHA-256 of a key, in hex.")]
NumberCursor = Annotated[int | None, *_NUMBER, Query(alias="cursor", description="`next_cursor` of the part before.")]
"""Where a list by numbers goes on; None for its beginning."""
ListCursor = Annotated[
    str | None, Query(alias="cursor", max_length=200, description="`next_cursor` of the part before.")
]
"""Where a list goes on; None for its beginning."""
CaseId = Annotated[KeyText | None, Query(alias="case", description="Only this case, as a whole.")]
CaseCursor = Annotated[KeyText | None, Query(alias="cursor", description="`next_cursor` of the part before.")]
"""Where the list of cases goes on: ids of cases are longer than other cursors."""
DayInPath = Annotated[Day, Path(examples=["2026-11-24"])]
Since = Annotated[Moment | None, Query(alias="from", examples=["2026-11-01T00:00:00Z"], description="Its beginning.")]
Until = Annotated[Moment | None, Query(alias="to", examples=["2026-12-01T00:00:00Z"], description="Its end.")]
"""The end of a window of time."""
IdempotencyKey = Annotated[
    str,
    Header(
        alias="idempotency-key",
        pattern="^[A-Za-z0-9_-]{8,128}$",
        description="Any name that this request alone has. The same request with the same name is carried out once.",
    ),
]
"""The name of a request that creates something."""


def table(app: HttpApi, text: str, next_cursor: str | None) -> Response[str]:
    """A part of a private table as CSV; the `Link` header leads to the next part (RFC 8288), if there is one."""
    headers = {"Cache-Control": NO_STORE, "Content-Disposition": "attachment"}
    if next_cursor is not None:
        asked = app.current_event.query_string_parameters | {"cursor": next_cursor}
        headers["Link"] = f'<{app.current_event.path}?{urlencode(asked)}>; rel="next"'
    return Response(HTTPStatus.OK.value, CSV, text, headers)


def published[T](body: T, cache_control: str, content_type: str = "application/json") -> Response[T]:
    """A public answer, compressed for who takes that; `cache_control` says how long caches may keep it."""
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    return Response(HTTPStatus.OK.value, content_type, body, headers, compress=True)
