"""HTTP API: sign-in by wallet, and the sessions of an account."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.requests import RefreshRequest, SessionRequest
from flareflow.bootstrap.wallet_auth import (
    give_nonce,
    limit_requests,
    list_sessions,
    refresh_session,
    sign_in,
    sign_out,
)
from flareflow.entrypoints.http import answer, caller, client, http_api, parse_body, session_id

logger = Logger()
app = http_api(limit_requests)


@app.post("/v1/auth/nonces")
def create_nonce() -> Response[str]:
    return answer(give_nonce().run(), HTTPStatus.CREATED)


@app.post("/v1/auth/sessions")
def create_session() -> Response[str]:
    signed_in = sign_in().run(parse_body(app, SessionRequest).proof(), client(app))
    logger.info(
        "signed in", account=signed_in.address, session_id=signed_in.session_id, source_ip=client(app).source_ip
    )
    return answer(signed_in, HTTPStatus.CREATED)


@app.post("/v1/auth/tokens")
def refresh() -> Response[str]:
    return answer(refresh_session().run(parse_body(app, RefreshRequest).refresh_token, client(app)), HTTPStatus.CREATED)


@app.get("/v1/auth/sessions")
def sessions() -> Response[str]:
    return answer({"items": list_sessions().run(caller(app), session_id(app))})


@app.delete("/v1/auth/sessions/<session>")
def sign_out_one(session: str) -> Response[str]:
    sign_out().one(caller(app), session)
    logger.info("signed out", account=caller(app), session_id=session)
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


@app.delete("/v1/auth/sessions")
def sign_out_everywhere() -> Response[str]:
    sign_out().everywhere(caller(app))
    logger.info("signed out everywhere", account=caller(app))
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
