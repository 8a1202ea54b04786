"""Authorizer of the HTTP API: finds the session of a bearer token.

A request without a session goes on with an empty address, and the function behind its route refuses it: the API itself
would answer every refusal with 403, where 401 is meant, and in a form of its own.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerEventV2,
    APIGatewayAuthorizerResponseV2,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.models import Session
from flareflow.bootstrap.session_authorizer import find_session, operators

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    scheme, _, token = (APIGatewayAuthorizerEventV2(event).headers.get("authorization") or "").partition(" ")
    session = find_session().run(token) if scheme.lower() == "bearer" else None
    return APIGatewayAuthorizerResponseV2(authorize=True, context=_account(session)).asdict()


def _account(session: Session | None) -> dict[str, Any]:
    """What the functions are told of who sends the request."""
    if session is None:
        return {"address": ""}
    is_operator = operators().include(session.address)
    return {"address": session.address, "session_id": session.session_id, "is_operator": is_operator}
