"""HTTP API for the gate: leases credit of a subscription for the calls of one key, and tells what a key may know."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.key_answers import KeyReportAnswer, LeaseAnswer
from flareflow.accounts.requests import KeyReportRequest, LeaseRequest
from flareflow.bootstrap.credit_leases import lease_credit, report_key
from flareflow.entrypoints.http import http_api, refuses

logger = Logger()
app = http_api()


@app.post("/internal/credit", include_in_schema=False)
@refuses("gate_secret_wrong", "key_not_found")
def lease(request: LeaseRequest) -> LeaseAnswer:
    """Lease credit for the calls of one key."""
    authorization = app.current_event.headers.get("authorization") or ""
    return LeaseAnswer.of(lease_credit().run(authorization, request))


@app.post("/internal/credit/keys", include_in_schema=False)
@refuses("gate_secret_wrong", "key_not_found")
def report(request: KeyReportRequest) -> KeyReportAnswer:
    """Tell what a key may know of itself."""
    authorization = app.current_event.headers.get("authorization") or ""
    return KeyReportAnswer.of(report_key().run(authorization, request.key_hash))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
