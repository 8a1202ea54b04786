"""HTTP API: sign-in by wallet. It gives out a nonce, then a session for an account proof over it."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.requests import SessionRequest
from flareflow.bootstrap.wallet_auth import give_nonce, sign_in
from flareflow.entrypoints.http import answer, http_api, parse_body

logger = Logger()
app = http_api()


@app.post("/v1/auth/nonces")
def create_nonce() -> Response[str]:
    return answer(give_nonce().run(), HTTPStatus.CREATED)


@app.post("/v1/auth/sessions")
def create_session() -> Response[str]:
    return answer(sign_in().run(parse_body(app, SessionRequest).proof()), HTTPStatus.CREATED)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
