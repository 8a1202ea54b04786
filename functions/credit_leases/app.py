"""HTTP API for the gate: leases credit of a subscription for the calls of one key."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.requests import LeaseRequest
from flareflow.bootstrap.credit_leases import lease_credit
from flareflow.entrypoints.http import answer, http_api, parse_body

logger = Logger()
app = http_api()


@app.post("/internal/credit")
def lease() -> Response[str]:
    authorization = app.current_event.headers.get("authorization") or ""
    return answer(lease_credit().run(authorization, parse_body(app, LeaseRequest)))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
