"""The gate's records: each call is pending usage as soon as it has ended."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.usage_ingest import ingest_records
from flareflow.entrypoints.http import answer, http_api
from flareflow.time import utc_now

logger = Logger()
app = http_api()


@app.post("/internal/usage")
def records() -> Response[str]:
    request = app.current_event
    authorization = request.headers.get("authorization") or ""
    report = ingest_records().run(authorization, (request.decoded_body or "").encode(), utc_now())
    logger.info("records taken", report=report)
    return answer(report, HTTPStatus.ACCEPTED)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
