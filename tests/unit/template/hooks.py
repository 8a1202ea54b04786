"""Webhooks in the main job: each route once, an event of a subscription, and a delivery that fails at first."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from tests.fakes.webhooks import DOWN, FakeReceivers
from tests.unit.template.aws_in_memory import AwsInMemory
from tests.unit.template.events import http
from tests.unit.template.handling import replaced
from tests.unit.template.litellm_stand_in import Event

URL: Final = "https://hooks.example.com/alice"
EVENTS: Final = ["standing.changed", "balance.low", "epoch.settled"]


def be_told(aws: AwsInMemory, subscription_id: int, records: Sequence[Event]) -> None:
    """`records` are those of the ledger's stream about the subscription, which has a standing and is settled."""
    with aws.function("WebhookApiFunction") as (_, _, handle):
        wish = {"subscription_id": subscription_id, "url": URL, "events": EVENTS}
        webhook_id = http(handle, "POST", "/v1/webhooks", wish)["webhook"]["webhook_id"]
        one = f"/v1/webhooks/{webhook_id}"
        assert http(handle, "POST", "/v1/webhooks", wish)["code"] == "webhook_secret_shown"
        assert http(handle, "GET", "/v1/webhooks")["items"] == [http(handle, "GET", one)]
        assert http(handle, "PATCH", one, {"events": EVENTS})["state"] == "enabled"
        assert http(handle, "POST", f"{one}/secrets", None, "request-2")["secret"].startswith("whsec_")
        assert http(handle, "POST", f"{one}/tests", None, "request-3")["state"] == "pending"
    with aws.function("PendingPushFunction") as (_, _, handle):
        assert handle({"Records": records}) == {"batchItemFailures": []}
    types = deliver(aws)
    assert types >= {"webhook.test", "standing.changed", "epoch.settled"}
    with aws.function("WebhookApiFunction") as (_, _, handle):
        pending = [one for one in listed(handle, one) if one["state"] == "failed"]
        [tried] = pending
        replayed = http(handle, "POST", f"{one}/deliveries/{tried['delivery_id']}/replays")
        assert replayed["state"] == "pending"
        assert http(handle, "DELETE", one) == {}


def listed(handle: Any, path: str) -> list[Any]:
    items: list[Any] = http(handle, "GET", f"{path}/deliveries")["items"]
    return items


def deliver(aws: AwsInMemory) -> set[str]:
    """Carry out what is in the queue now, with a receiver that is down; the types of events that it was sent."""
    queue, receivers = aws.name_of("WebhooksQueue"), FakeReceivers({URL: DOWN})
    messages = aws.queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    records = [{"messageId": one["MessageId"], "body": one["Body"], "eventSource": "aws:sqs"} for one in messages]
    with aws.function("WebhookDeliveryFunction") as (app, bootstrap, handle):
        assert bootstrap.deliver().receivers.reach == "public"
        with replaced(app, deliver=replace(bootstrap.deliver(), receivers=receivers)):
            assert handle({"Records": records}) == {"batchItemFailures": []}
    return {json.loads(body)["type"] for _, _, body in receivers.posted}
