"""Failures of the HTTP API as RFC 9457 problem documents. Nothing else maps errors to HTTP statuses."""

import json
from functools import partial
from http import HTTPStatus
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError

from flareflow.errors import FlareFlowError, RaceLostError, RequestError, UnavailableError

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5

logger = Logger(child=True)


def map_problems(app: APIGatewayHttpResolver) -> None:
    """Let `app` answer every failure with a problem document.

    A RequestError has its own status and code. UnavailableError and RaceLostError are 503 with `Retry-After`. Every
    other exception is 500; it is logged in full and tells the caller nothing.
    """
    app.exception_handler(RequestError)(partial(_refuse, app))
    app.exception_handler([UnavailableError, RaceLostError])(partial(_ask_again, app))
    app.exception_handler(Exception)(partial(_fail, app))
    app.not_found(partial(_no_such_route, app))


def problem(app: APIGatewayHttpResolver, status: HTTPStatus, code: str, detail: str) -> Response[str]:
    """A problem document. `code` is part of the public API; `request_id` is also in the log lines of the request."""
    document = {
        "type": f"urn:flareflow:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "request_id": app.current_event.request_context.request_id,
    }
    return Response(
        status_code=status.value,
        content_type=CONTENT_TYPE,
        body=json.dumps(document),
        headers={"Cache-Control": "no-store"},
    )


def _refuse(app: APIGatewayHttpResolver, error: RequestError) -> Response[str]:
    return problem(app, error.status, error.code, str(error))


def _ask_again(app: APIGatewayHttpResolver, error: FlareFlowError) -> Response[str]:
    logger.warning("a request cannot be served now", exc_info=error)
    answer = problem(app, HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again in a moment.")
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _fail(app: APIGatewayHttpResolver, error: Exception) -> Response[str]:
    logger.error("a request failed unexpectedly", exc_info=error)
    return problem(app, HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "An unexpected error occurred.")


def _no_such_route(app: APIGatewayHttpResolver, _: RouteNotFoundError) -> Response[str]:
    return problem(app, HTTPStatus.NOT_FOUND, "route_not_found", "There is no such path.")
