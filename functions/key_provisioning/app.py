"""HTTP API: creates, lists, changes, rotates and deletes the virtual keys of a subscription."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from flareflow.accounts.key_answers import CreatedKeyAnswer, FirstKeysAnswer, KeyAnswer
from flareflow.accounts.requests import KeyChange, KeyRequest, RotationRequest
from flareflow.answers import Page
from flareflow.bootstrap.key_provisioning import (
    change_key,
    create_key,
    delete_key,
    limit_requests,
    list_keys,
    make_first_keys,
    rotate_key,
)
from flareflow.entrypoints.http import (
    IdempotencyKey,
    KeyHashInPath,
    ListCursor,
    NumberInPath,
    caller,
    http_api,
    refuses,
)

logger = Logger()
app = http_api(limit_requests)


NO_KEY = (
    "idempotency_key_required",
    "subscription_not_found",
    "subscription_not_open",
    "too_many_keys",
    "deposit_used_up",
    "spend_cap_reached",
    "standing_unknown",
    "secret_already_shown",
    "idempotency_key_reused",
    "request_in_progress",
)
"""Why a key is not made."""


@app.post("/v1/first-keys")
def make_first() -> FirstKeysAnswer:
    """Make the first key of each subscription that never had one, up to three, and show their secrets, once."""
    return FirstKeysAnswer(items=[CreatedKeyAnswer.of(made) for made in make_first_keys().run(caller(app))])


@app.post("/v1/keys", status_code=HTTPStatus.CREATED)
@refuses(*NO_KEY, "already_over")
def create(request: KeyRequest, idempotency_key: IdempotencyKey) -> CreatedKeyAnswer:
    """Create a key of a subscription and show its secret, once."""
    return CreatedKeyAnswer.of(create_key().run(caller(app), idempotency_key, request))


@app.get("/v1/subscriptions/<subscription_id>/keys")
@refuses("subscription_not_found", "invalid_cursor")
def list_all(subscription_id: NumberInPath, cursor: ListCursor = None) -> Page[KeyAnswer]:
    """List the keys of a subscription: first those that are not deleted, oldest first, then deleted ones."""
    return Page[KeyAnswer].of(list_keys().run(caller(app), subscription_id, cursor))


@app.patch("/v1/keys/<key_hash>")
@refuses("key_not_found", "key_ended")
def change(key_hash: KeyHashInPath, request: KeyChange) -> KeyAnswer:
    """Give a key another name or cap. What is left out stays; a cap of null takes it away."""
    return KeyAnswer.of(change_key().run(caller(app), key_hash, request))


@app.post("/v1/keys/<key_hash>/rotations", status_code=HTTPStatus.CREATED)
@refuses(*NO_KEY, "key_not_found", "key_ended", "key_held", "key_cap_reached", "invalid_overlap")
def rotate(key_hash: KeyHashInPath, request: RotationRequest, idempotency_key: IdempotencyKey) -> CreatedKeyAnswer:
    """Make a key in place of another, which works until a given time, and show the new secret, once."""
    return CreatedKeyAnswer.of(rotate_key().run(caller(app), idempotency_key, key_hash, request))


@app.delete("/v1/keys/<key_hash>", status_code=HTTPStatus.NO_CONTENT)
@refuses("key_not_found")
def delete(key_hash: KeyHashInPath) -> None:
    """Delete a key. A repetition changes nothing."""
    delete_key().run(caller(app), key_hash)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
