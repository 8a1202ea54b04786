"""Failures of the HTTP API as RFC 9457 problem documents. Nothing else maps errors to HTTP statuses.

Every refusal is a log line with its code, the route, the account and the source address: nothing that the caller chose,
and no secret.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.data_classes.api_gateway_proxy_event import RequestContextV2

from flareflow.entrypoints.problem_codes import PROBLEMS
from flareflow.errors import FlareFlowError, RaceLostError, RequestError, TooManyRequestsError, UnavailableError

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5
CAUSES_MAX: Final = 5
CAUSE_CHARACTERS_MAX: Final = 300
COMPLAINTS_MAX: Final = 5
_CODE_OF_FIELD: Final = {("header", "idempotency-key"): "idempotency_key_required"}
"""Of a part of the request whose problem has a code of its own."""

logger = Logger(child=True)


def map_problems(app: APIGatewayHttpResolver) -> None:
    """Let `app` answer every failure with a problem document.

    A RequestError has its own status and code; a request that does not fit the types of its handler is 400
    `invalid_request`. UnavailableError and RaceLostError are 503 with `Retry-After`. Every other exception is 500; it
    is logged in full and tells the caller nothing.
    """
    app.exception_handler(RequestError)(partial(_refuse, app))
    app.exception_handler(RequestValidationError)(partial(_complain, app))
    app.exception_handler([UnavailableError, RaceLostError])(partial(_ask_again, app))
    app.exception_handler(Exception)(partial(_fail, app))
    app.not_found(partial(_no_such_route, app))


def refusal(request: APIGatewayProxyEventV2, error: RequestError) -> Response[str]:
    """The problem document of a request that cannot be served."""
    answer = problem(request, error.status, error.code, str(error), error.account)
    if isinstance(error, TooManyRequestsError):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def outage(request: APIGatewayProxyEventV2, error: FlareFlowError) -> Response[str]:
    """The problem document of a request that cannot be served now, and may be later."""
    logger.warning("a request cannot be served now", causes=list(_causes(error)))
    code, detail = "temporarily_unavailable", "Try again in a moment."
    answer = problem(request, HTTPStatus.SERVICE_UNAVAILABLE, code, detail)
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def problem(
    request: APIGatewayProxyEventV2, status: HTTPStatus, code: str, detail: str, account: str | None = None
) -> Response[str]:
    """A problem document. `code` is part of the public API; `request_id` is also in the log lines of the request."""
    context = request.request_context
    _log_refusal(context, status, code, account)
    document = {
        "type": f"urn:flareflow:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "what_to_do": PROBLEMS[code].what_to_do,
        "request_id": context.request_id,
    }
    return Response(
        status_code=status.value,
        content_type=CONTENT_TYPE,
        body=json.dumps(document),
        headers={"Cache-Control": "no-store"},
    )


def _log_refusal(context: RequestContextV2, status: HTTPStatus, code: str, account: str | None) -> None:
    authorizer = context.authorizer
    logger.info(
        "request refused",
        status=status.value,
        code=code,
        route=context.get("routeKey"),
        account=_sender(authorizer) or account,
        source_ip=context.http.get("sourceIp"),
        request_id=context.request_id,
    )


def _sender(authorizer: Mapping[str, Any] | None) -> str | None:
    """The account that is signed in, or the ARN of an operator."""
    given = authorizer or {}
    return (given.get("lambda") or {}).get("address") or (given.get("iam") or {}).get("userArn")


def _refuse(app: APIGatewayHttpResolver, error: RequestError) -> Response[str]:
    return refusal(app.current_event, error)


def _complain(app: APIGatewayHttpResolver, error: RequestValidationError) -> Response[str]:
    found: Sequence[Mapping[str, Any]] = error.errors()
    code = _CODE_OF_FIELD.get(tuple(found[0]["loc"]), "invalid_request")
    return problem(app.current_event, HTTPStatus.BAD_REQUEST, code, complaints(found))


def complaints(found: Sequence[Mapping[str, Any]]) -> str:
    """The invalid parts and what is wrong with them. It never repeats their values, which may be secret."""
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in found[:COMPLAINTS_MAX])


def _ask_again(app: APIGatewayHttpResolver, error: FlareFlowError) -> Response[str]:
    return outage(app.current_event, error)


def _causes(error: BaseException) -> Iterator[str]:
    """The error and what it was raised from, a line each: an outage fails many requests, so no traces are logged."""
    cause: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if cause is None:
            return
        yield f"{type(cause).__name__}: {cause}"[:CAUSE_CHARACTERS_MAX]
        cause = cause.__cause__


def _fail(app: APIGatewayHttpResolver, error: Exception) -> Response[str]:
    logger.error("a request failed unexpectedly", exc_info=error)
    code, detail = "internal_error", "An unexpected error occurred."
    return problem(app.current_event, HTTPStatus.INTERNAL_SERVER_ERROR, code, detail)


def _no_such_route(app: APIGatewayHttpResolver, _: RouteNotFoundError) -> Response[str]:
    return problem(app.current_event, HTTPStatus.NOT_FOUND, "route_not_found", "There is no such path.")
