"""HTTP API: sign-in by wallet, and the sessions of an account."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.requests import RefreshRequest, SessionRequest
from flareflow.accounts.session_answers import NonceAnswer, SessionsAnswer, SignedInAnswer
from flareflow.bootstrap.wallet_auth import (
    give_nonce,
    limit_requests,
    list_sessions,
    operators,
    refresh_session,
    sign_in,
    sign_out,
)
from flareflow.entrypoints.http import TextInPath, caller, client, http_api, refuses, session_id

logger = Logger()
app = http_api(limit_requests)


@app.post("/v1/auth/nonces", status_code=HTTPStatus.CREATED)
def create_nonce() -> NonceAnswer:
    """Give a nonce for one account proof within five minutes."""
    return NonceAnswer.of(give_nonce().run())


@app.post("/v1/auth/sessions", status_code=HTTPStatus.CREATED)
@refuses("invalid_address", "unknown_nonce", "invalid_proof", "foreign_origin")
def create_session(request: SessionRequest) -> SignedInAnswer:
    """Sign in by an account proof over a nonce that this API gave out."""
    signed_in = sign_in().run(request.proof(), client(app))
    logger.info(
        "signed in", account=signed_in.address, session_id=signed_in.session_id, source_ip=client(app).source_ip
    )
    return SignedInAnswer.given(signed_in, operators())


@app.post("/v1/auth/tokens", status_code=HTTPStatus.CREATED)
@refuses("unknown_refresh_token", "refresh_token_reused")
def refresh(request: RefreshRequest) -> SignedInAnswer:
    """Exchange a refresh token for new tokens; the old ones end."""
    return SignedInAnswer.given(refresh_session().run(request.refresh_token, client(app)), operators())


@app.get("/v1/auth/sessions")
def sessions() -> SessionsAnswer:
    """List the account's sessions, the one refreshed last first."""
    return SessionsAnswer.of({"items": list_sessions().run(caller(app), session_id(app))})


@app.delete("/v1/auth/sessions/<session>", status_code=HTTPStatus.NO_CONTENT)
@refuses("session_not_found")
def sign_out_one(session: TextInPath) -> None:
    """End a session; its tokens stop working at once."""
    sign_out().one(caller(app), session)
    logger.info("signed out", account=caller(app), session_id=session)


@app.delete("/v1/auth/sessions", status_code=HTTPStatus.NO_CONTENT)
def sign_out_everywhere() -> None:
    """End all sessions of the account."""
    sign_out().everywhere(caller(app))
    logger.info("signed out everywhere", account=caller(app))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
