"""HTTP API: creates, lists and deletes the virtual keys of a subscription."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.requests import KeyRequest
from flareflow.bootstrap.key_provisioning import create_key, delete_key, limit_requests, list_keys
from flareflow.entrypoints.http import answer, caller, cursor, http_api, idempotency_key, parse_body, parse_number

logger = Logger()
app = http_api(limit_requests)


@app.post("/v1/keys")
def create() -> Response[str]:
    request = parse_body(app, KeyRequest)
    return answer(create_key().run(caller(app), idempotency_key(app), request), HTTPStatus.CREATED)


@app.get("/v1/subscriptions/<subscription_id>/keys")
def list_all(subscription_id: str) -> Response[str]:
    return answer(list_keys().run(caller(app), parse_number(subscription_id, "subscription_id"), cursor(app)))


@app.delete("/v1/keys/<key_hash>")
def delete(key_hash: str) -> Response[str]:
    delete_key().run(caller(app), key_hash)
    return Response(status_code=HTTPStatus.NO_CONTENT.value)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
