"""The gate's records: each call is pending usage as soon as it has ended."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_ingest import ingest_records
from flareflow.entrypoints.http import http_api, refuses
from flareflow.metering.answers import IngestAnswer
from flareflow.time import utc_now

logger = Logger()
app = http_api()


@app.post("/internal/usage", status_code=HTTPStatus.ACCEPTED, include_in_schema=False)
@refuses("push_secret_wrong", "invalid_push", "push_too_large")
def records() -> IngestAnswer:
    """Take the gate's records into unconfirmed usage."""
    authorization, body = app.current_event.headers.get("authorization") or "", app.current_event.decoded_body or ""
    report = ingest_records().run(authorization, body.encode(), utc_now())
    logger.info("records taken", report=report)
    return IngestAnswer.of(report)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
