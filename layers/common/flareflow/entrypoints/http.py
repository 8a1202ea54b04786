"""What the functions behind the HTTP API share: the resolver, strict parsing of requests, and the forms of answers."""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, ValidationError

from flareflow.entrypoints.limits import LimitRoutes
from flareflow.entrypoints.problems import map_problems, refusal
from flareflow.entrypoints.requests import Event, account_of, client_of, readable, route_of, sender_of
from flareflow.errors import InvalidRequestError, RequestError
from flareflow.inputs import Client
from flareflow.json_format import to_json
from flareflow.limits import LimitRequests

BODY_BYTES_MAX: Final = 64_000
COMPLAINTS_MAX: Final = 5
UINT64_MAX: Final = 2**64 - 1
_IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")


class HttpApi(APIGatewayHttpResolver):
    """Routes requests that are text of bounded length, from an account where the route is one of accounts, and within
    the route's limit.

    HEAD is answered as GET without the body.
    """

    def __init__(self, limiter: Callable[[], LimitRequests] | None) -> None:
        super().__init__()
        self.limits = LimitRoutes(limiter) if limiter else None
        map_problems(self)

    def resolve(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            request = readable(event)
            account = sender_of(request)
            if self.limits:
                self.limits.run(route_of(request), client_of(request).source_ip, account)
        except RequestError as error:
            refused = refusal(APIGatewayProxyEventV2(dict(event)), error)
            return {"statusCode": refused.status_code, "headers": refused.headers, "body": refused.body}
        if request["requestContext"]["http"]["method"] != "HEAD":
            return super().resolve(request, context)
        return {**super().resolve(_as_get(request), context), "body": ""}


def _as_get(request: Event) -> Event:
    requested = request["requestContext"]
    return {**request, "requestContext": {**requested, "http": {**requested["http"], "method": "GET"}}}


def http_api(limiter: Callable[[], LimitRequests] | None = None) -> HttpApi:
    """A resolver that answers every failure with a problem document. `limiter` is needed for routes with a limit."""
    return HttpApi(limiter)


def caller(app: APIGatewayHttpResolver) -> str:
    """The Flow address of the session. Raises UnauthenticatedError `sign_in_required` without one."""
    return account_of(app.current_event)


def session_id(app: APIGatewayHttpResolver) -> str:
    """The id of the session that asks."""
    context: Mapping[str, Any] = app.current_event["requestContext"]["authorizer"]["lambda"]
    return str(context["session_id"])


def client(app: APIGatewayHttpResolver) -> Client:
    """Who sends the request."""
    return client_of(app.current_event)


def parse_body[M: BaseModel](app: APIGatewayHttpResolver, model: type[M]) -> M:
    """The JSON body as `model`. Raises InvalidRequestError `invalid_request` when it does not fit."""
    text = app.current_event.decoded_body or ""
    if len(text) > BODY_BYTES_MAX:
        raise InvalidRequestError("invalid_request", f"A body has at most {BODY_BYTES_MAX} characters.")
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise InvalidRequestError("invalid_request", complaints(error)) from error


def complaints(error: ValidationError) -> str:
    """The invalid fields and what is wrong with them. It never repeats their values, which may be secret."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in found[:COMPLAINTS_MAX])


def parse_number(text: str, name: str) -> int:
    """A UInt64 from a path or query; decimal digits only. Raises InvalidRequestError `invalid_request` otherwise."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(UINT64_MAX))):
        raise InvalidRequestError("invalid_request", f"{name}: must be a number in decimal digits")
    number = int(text)
    if number > UINT64_MAX:
        raise InvalidRequestError("invalid_request", f"{name}: must be at most {UINT64_MAX}")
    return number


def answer(view: object, status: HTTPStatus = HTTPStatus.OK) -> Response[str]:
    """A private answer: `view` as JSON (see `to_json`). Not cacheable (`no-store`)."""
    return Response(
        status_code=status.value,
        content_type="application/json",
        body=to_json(view),
        headers={"Cache-Control": "no-store"},
    )


def published(text: str, cache_control: str, content_type: str = "application/json") -> Response[str]:
    """A public answer with exactly this text; `cache_control` says how long caches may keep it."""
    return Response(
        status_code=HTTPStatus.OK.value,
        content_type=content_type,
        body=text,
        headers={"Cache-Control": cache_control},
    )


def idempotency_key(app: APIGatewayHttpResolver) -> str:
    """The `Idempotency-Key` header. Raises InvalidRequestError `idempotency_key_required` without a valid one."""
    given = app.current_event.headers.get("idempotency-key") or ""
    if not _IDEMPOTENCY_KEY.fullmatch(given):
        raise InvalidRequestError(
            "idempotency_key_required", "Send an Idempotency-Key: 8 to 128 letters, digits, - or _."
        )
    return given


def cursor(app: APIGatewayHttpResolver) -> str | None:
    """The `cursor` query parameter: where a list goes on; None for its beginning."""
    return app.current_event.query_string_parameters.get("cursor")
