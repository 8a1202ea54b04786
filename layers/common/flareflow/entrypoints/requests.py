"""What holds for every request to an HTTP function, whatever its route: it is text, and it is bounded."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic_core import from_json

from flareflow.errors import ForbiddenError, InvalidRequestError, NotFoundError, UnauthenticatedError
from flareflow.inputs import Client

BODY_BYTES_MAX: Final = 5 * 1024 * 1024
"""The longest body that any route takes; most take less."""
PATH_BYTES_MAX: Final = 1_000
"""DynamoDB's keys have at most 2,048 bytes, and what a path names is part of one."""
QUERY_BYTES_MAX: Final = 4_000
USER_AGENT_CHARACTERS_MAX: Final = 200
CONSOLE: Final = "/v1/console"
"""Where the routes of the operators' page are, which take sessions; all others of operators are signed."""

type Event = Mapping[str, Any]
"""An event of an HTTP API, payload format 2.0."""


def readable(event: Event) -> dict[str, Any]:
    """The event with its body as text.

    Raises InvalidRequestError `invalid_request` for what is not UTF-8, and for a path, a query or a body that is too
    long.
    """
    _check_length("path", event.get("rawPath"), PATH_BYTES_MAX)
    _check_length("query", event.get("rawQueryString"), QUERY_BYTES_MAX)
    for text in _texts(event):
        _bytes_of(text)
    return {**event, "body": _body(event), "isBase64Encoded": False}


def sender_of(event: Event) -> str:
    """The Flow address of the session; empty on a route without an authorizer.

    Raises UnauthenticatedError `sign_in_required` where an authorizer has found no session.
    """
    return account_of(event) if "authorizer" in event["requestContext"] else ""


def account_of(event: Event) -> str:
    """The Flow address of the session. Raises UnauthenticatedError `sign_in_required` without one."""
    authorizer = event["requestContext"].get("authorizer") or {}
    address = (authorizer.get("lambda") or {}).get("address")
    if not address:
        raise UnauthenticatedError("sign_in_required", "Sign in with a Flow wallet; a session ends, or was signed out.")
    return str(address)


def operator_of(event: Event) -> str:
    """Which operator sends a request: a Flow address on the routes of their page, an ARN of IAM on all others.

    Raises what `operator_account_of` and `signer_of` raise.
    """
    is_of_page = event["rawPath"].startswith(f"{CONSOLE}/")
    return operator_account_of(event) if is_of_page else signer_of(event)


def operator_account_of(event: Event) -> str:
    """The Flow address of the session, which the authorizer has found among the operators'.

    Raises UnauthenticatedError `sign_in_required` without a session. For any other account there is no such route:
    NotFoundError `route_not_found`.
    """
    account = account_of(event)
    if event["requestContext"]["authorizer"]["lambda"].get("is_operator") is not True:
        raise NotFoundError("route_not_found", "There is no such path.", account=account)
    return account


def signer_of(event: Event) -> str:
    """The ARN of the IAM user or role that has signed the request. API Gateway has checked the signature.

    Raises ForbiddenError `operators_only` without one.
    """
    signed = (event["requestContext"].get("authorizer") or {}).get("iam") or {}
    if not signed.get("userArn"):
        raise ForbiddenError("operators_only", "Sign the request with the keys of an operator (AWS Signature 4).")
    return str(signed["userArn"])


def route_of(event: Event) -> str:
    """The route as API Gateway names it: `GET /v1/subscriptions/{subscription_id}`."""
    return str(event["requestContext"].get("routeKey", ""))


def client_of(event: Event) -> Client:
    """Who sends a request. Its source address is API Gateway's word; headers that name one are the sender's own."""
    http = event["requestContext"]["http"]
    user_agent = "".join(character for character in http.get("userAgent", "") if character.isprintable())
    return Client(http["sourceIp"], user_agent[:USER_AGENT_CHARACTERS_MAX])


def read_json(text: str | bytes) -> Any:
    """The JSON value of a text. Raises json.JSONDecodeError for everything else, and for what no standard promises to
    read: nesting deeper than 200, halves of surrogate pairs, NaN, and integers of more than 4,300 digits.
    """
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise json.JSONDecodeError(str(error), "", 0) from error


def _body(event: Event) -> str | None:
    body: str | None = event.get("body")
    if body is None:
        return None
    try:
        content = base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else _bytes_of(body)
        if len(content) > BODY_BYTES_MAX:
            raise InvalidRequestError("invalid_request", f"A body has at most {BODY_BYTES_MAX} bytes.")
        return content.decode()
    except (UnicodeDecodeError, binascii.Error) as error:
        raise InvalidRequestError("invalid_request", "The body is not text in UTF-8.") from error


def _texts(event: Event) -> Iterator[str]:
    """What a handler may read of a request besides its body."""
    yield from (event.get("headers") or {}).values()
    yield from (event.get("queryStringParameters") or {}).values()
    yield from (event.get("pathParameters") or {}).values()


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError("invalid_request", "Headers, path and query are text in UTF-8.") from error


def _check_length(name: str, text: str | None, limit: int) -> None:
    if len(_bytes_of(text or "")) > limit:
        raise InvalidRequestError("invalid_request", f"The {name} has at most {limit} bytes.")
