"""HTTP API: an account's subscriptions, journal and usage, and tickets for the WebSocket."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.bootstrap.account_api import give_ticket, limit_requests, read_journal, read_subscriptions, read_usage
from flareflow.entrypoints.http import answer, caller, cursor, http_api, parse_number

logger = Logger()
app = http_api(limit_requests)


@app.get("/v1/subscriptions")
def subscriptions() -> Response[str]:
    return answer(read_subscriptions().all(caller(app), cursor(app)))


@app.get("/v1/subscriptions/<subscription_id>")
def subscription(subscription_id: str) -> Response[str]:
    return answer(read_subscriptions().one(caller(app), parse_number(subscription_id, "subscription_id")))


@app.get("/v1/subscriptions/<subscription_id>/journal")
def journal(subscription_id: str) -> Response[str]:
    number = parse_number(subscription_id, "subscription_id")
    return answer(read_journal().run(caller(app), number, cursor(app)))


@app.get("/v1/subscriptions/<subscription_id>/usage/<epoch>")
def usage(subscription_id: str, epoch: str) -> Response[str]:
    numbers = parse_number(subscription_id, "subscription_id"), parse_number(epoch, "epoch")
    return answer(read_usage().run(caller(app), *numbers, cursor(app)))


@app.post("/v1/websocket-tickets")
def ticket() -> Response[str]:
    return answer(give_ticket().run(caller(app)), HTTPStatus.CREATED)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
