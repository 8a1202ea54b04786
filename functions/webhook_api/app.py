"""HTTP API: sets an account's webhooks, shows what was delivered to them, and sends it again."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.answers import Page
from flareflow.bootstrap.webhook_api import (
    change_webhook,
    create_webhook,
    delete_webhook,
    limit_requests,
    list_deliveries,
    read_webhooks,
    replay_delivery,
    rotate_secret,
    try_webhook,
)
from flareflow.entrypoints.http import IdempotencyKey, ListCursor, TextInPath, caller, http_api, refuses
from flareflow.webhooks.answers import CreatedWebhookAnswer, DeliveryAnswer, WebhookAnswer
from flareflow.webhooks.requests import WebhookChange, WebhookRequest

logger = Logger()
app = http_api(limit_requests)

MADE_ONCE = ("idempotency_key_required", "idempotency_key_reused")


@app.post("/v1/webhooks", status_code=HTTPStatus.CREATED)
@refuses(*MADE_ONCE, "invalid_webhook_url", "subscription_not_found", "too_many_webhooks", "webhook_secret_shown")
def create(request: WebhookRequest, idempotency_key: IdempotencyKey) -> CreatedWebhookAnswer:
    """Create a webhook of a subscription and show the secret that signs its messages, once."""
    return CreatedWebhookAnswer.of(create_webhook().run(caller(app), idempotency_key, request))


@app.get("/v1/webhooks")
@refuses("invalid_cursor")
def list_all(cursor: ListCursor = None) -> Page[WebhookAnswer]:
    """List the account's webhooks, by subscription."""
    return Page[WebhookAnswer].of(read_webhooks().all(caller(app), cursor))


@app.get("/v1/webhooks/<webhook_id>")
@refuses("webhook_not_found")
def read(webhook_id: TextInPath) -> WebhookAnswer:
    """Read one webhook."""
    return WebhookAnswer.of(read_webhooks().one(caller(app), webhook_id))


@app.patch("/v1/webhooks/<webhook_id>")
@refuses("webhook_not_found", "invalid_webhook_url")
def change(webhook_id: TextInPath, request: WebhookChange) -> WebhookAnswer:
    """Change where a webhook is sent and what it is told, disable it, or enable it again. What is left out stays."""
    return WebhookAnswer.of(change_webhook().run(caller(app), webhook_id, request))


@app.delete("/v1/webhooks/<webhook_id>", status_code=HTTPStatus.NO_CONTENT)
@refuses("webhook_not_found")
def delete(webhook_id: TextInPath) -> None:
    """Delete a webhook. What is on its way to it is not sent any more."""
    delete_webhook().run(caller(app), webhook_id)


@app.post("/v1/webhooks/<webhook_id>/secrets", status_code=HTTPStatus.CREATED)
@refuses(*MADE_ONCE, "webhook_not_found", "webhook_secret_shown")
def rotate(webhook_id: TextInPath, idempotency_key: IdempotencyKey) -> CreatedWebhookAnswer:
    """Give a webhook another secret and show it, once. For a day, messages are signed by both."""
    return CreatedWebhookAnswer.of(rotate_secret().run(caller(app), idempotency_key, webhook_id))


@app.post("/v1/webhooks/<webhook_id>/tests", status_code=HTTPStatus.CREATED)
@refuses(*MADE_ONCE, "webhook_not_found", "webhook_disabled")
def send_test(webhook_id: TextInPath, idempotency_key: IdempotencyKey) -> DeliveryAnswer:
    """Send a `webhook.test` to the receiver, once. The list of deliveries shows what came of it."""
    return DeliveryAnswer.of(try_webhook().run(caller(app), idempotency_key, webhook_id))


@app.get("/v1/webhooks/<webhook_id>/deliveries")
@refuses("webhook_not_found", "invalid_cursor")
def deliveries(webhook_id: TextInPath, cursor: ListCursor = None) -> Page[DeliveryAnswer]:
    """List what was sent to a webhook within the last 30 days, newest first."""
    return Page[DeliveryAnswer].of(list_deliveries().run(caller(app), webhook_id, cursor))


@app.post("/v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replays", status_code=HTTPStatus.ACCEPTED)
@refuses("webhook_not_found", "delivery_not_found", "webhook_disabled")
def replay(webhook_id: TextInPath, delivery_id: TextInPath) -> DeliveryAnswer:
    """Send a delivery again, with the same id. While it is under way, nothing changes."""
    return DeliveryAnswer.of(replay_delivery().run(caller(app), webhook_id, delivery_id))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
