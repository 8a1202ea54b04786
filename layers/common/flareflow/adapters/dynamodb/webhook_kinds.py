"""The kinds of items in WebhooksTable: webhooks, requests that made something, deliveries."""

from dataclasses import fields
from typing import Final

from flareflow.adapters.dynamodb.keys import EXPIRES_AT, ItemKind
from flareflow.webhooks.models import Delivery, Webhook

WEBHOOK: Final = ItemKind(
    pk="ACCOUNT#{owner}",
    sk="WEBHOOK#{subscription_id:020}#{webhook_id}",
    holds="A webhook of an account for one of its subscriptions. The secrets that sign are not stored.",
    serves="webhook_api reads one and lists an account's; pending_push lists a subscription's for each event of it.",
    attributes=tuple(field.name for field in fields(Webhook)),
)
CLAIM: Final = ItemKind(
    pk="ACCOUNT#{owner}",
    sk="REQUEST#{idempotency_key}",
    holds="A request that made a webhook, a secret or a delivery, and the name of what it made; kept for a day.",
    serves="webhook_api finds a repetition.",
    attributes=("request_hash", "made", EXPIRES_AT),
)
DELIVERY: Final = ItemKind(
    pk="WEBHOOK#{webhook_id}",
    sk="DELIVERY#{delivery_id}",
    holds="An event sent to a webhook, with its attempts; `version` guards its changes. Kept for 30 days.",
    serves="webhook_api lists them, newest first; webhook_delivery reads and replaces one for each attempt.",
    attributes=(*(field.name for field in fields(Delivery)), EXPIRES_AT),
)

WEBHOOK_KINDS: Final = (WEBHOOK, CLAIM, DELIVERY)
