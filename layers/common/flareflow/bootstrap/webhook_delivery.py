"""Composition root of `webhook_delivery`."""

from functools import cache

import boto3

from flareflow.adapters.aws.delivery_queue import ORDER, SqsDeliveryQueue
from flareflow.adapters.aws.secrets import secret
from flareflow.adapters.dynamodb.webhooks import DynamoDeliveries, DynamoWebhooks
from flareflow.adapters.receivers.posting import HttpReceivers
from flareflow.entrypoints.settings import Settings
from flareflow.time import utc_now
from flareflow.webhooks.delivering import Deliver
from flareflow.webhooks.models import Order
from flareflow.webhooks.signing import Signer
from flareflow.webhooks.urls import Reach


class WebhookDeliverySettings(Settings):
    """Environment of the function."""

    webhooks_table: str
    webhooks_queue: str
    webhook_signing_secret: str
    webhook_receivers: Reach


def parse_order(message: str) -> Order:
    """Raises ValueError for any other message, which then ends in the dead-letter queue."""
    return ORDER.validate_json(message)


@cache
def deliver() -> Deliver:
    settings = WebhookDeliverySettings.from_environment()
    table = boto3.resource("dynamodb").Table(settings.webhooks_table)
    return Deliver(
        webhooks=DynamoWebhooks(table),
        deliveries=DynamoDeliveries(table),
        queue=SqsDeliveryQueue(boto3.client("sqs"), settings.webhooks_queue),
        receivers=HttpReceivers(settings.webhook_receivers),
        signer=Signer(secret(settings.webhook_signing_secret)),
        clock=utc_now,
    )
