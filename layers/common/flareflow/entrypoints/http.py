"""What the functions behind the HTTP API share: the resolver, strict parsing of requests, and the forms of answers."""

import re
from http import HTTPStatus
from typing import Final

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import BaseModel, ValidationError

from flareflow.entrypoints.problems import map_problems
from flareflow.errors import InvalidRequestError, UnauthenticatedError
from flareflow.json_format import to_json

BODY_BYTES_MAX: Final = 64_000
COMPLAINTS_MAX: Final = 5
UINT64_MAX: Final = 2**64 - 1
_IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")


def http_api() -> APIGatewayHttpResolver:
    """A resolver that answers every failure with a problem document."""
    app = APIGatewayHttpResolver()
    map_problems(app)
    return app


def caller(app: APIGatewayHttpResolver) -> str:
    """The Flow address of the session; UnauthenticatedError `sign_in_required` without one."""
    authorizer = app.current_event.request_context.authorizer
    address = (authorizer.get_lambda if authorizer else {}).get("address")
    if not address:
        raise UnauthenticatedError("sign_in_required", "Sign in with a Flow wallet first.")
    return str(address)


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
