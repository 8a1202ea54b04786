"""Composition root of `webhook_api`."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from flareflow.adapters.dynamodb.limits import DynamoRequestCounts
from flareflow.adapters.dynamodb.webhooks import DynamoClaims, DynamoDeliveries, DynamoWebhooks
from flareflow.credentials import random_token
from flareflow.entrypoints.settings import Settings
from flareflow.limits import LimitRequests
from flareflow.time import utc_now
from flareflow.webhooks.managing import ChangeWebhook, CreateWebhook, DeleteWebhook, ReadWebhooks, RotateSecret
from flareflow.webhooks.urls import Reach

if TYPE_CHECKING:
    from flareflow.adapters.aws.delivery_queue import SqsDeliveryQueue
    from flareflow.webhooks.replaying import ListDeliveries, ReplayDelivery, TryWebhook
    from flareflow.webhooks.signing import Signer


class WebhookApiSettings(Settings):
    """Environment of the function."""

    limits_table: str
    ledger_table: str
    webhooks_table: str
    webhooks_queue: str
    webhook_signing_secret: str
    webhook_receivers: Reach


@cache
def settings() -> WebhookApiSettings:
    return WebhookApiSettings.from_environment()


@cache
def webhooks() -> DynamoWebhooks:
    return DynamoWebhooks(boto3.resource("dynamodb").Table(settings().webhooks_table))


@cache
def deliveries() -> DynamoDeliveries:
    return DynamoDeliveries(boto3.resource("dynamodb").Table(settings().webhooks_table))


@cache
def claims() -> DynamoClaims:
    return DynamoClaims(boto3.resource("dynamodb").Table(settings().webhooks_table))


@cache
def queue() -> "SqsDeliveryQueue":
    from flareflow.adapters.aws.delivery_queue import SqsDeliveryQueue

    return SqsDeliveryQueue(boto3.client("sqs"), settings().webhooks_queue)


@cache
def signer() -> "Signer":
    from flareflow.adapters.aws.secrets import secret
    from flareflow.webhooks.signing import Signer

    return Signer(secret(settings().webhook_signing_secret))


@cache
def create_webhook() -> CreateWebhook:
    from flareflow.adapters.dynamodb.subscriptions import LedgerReader

    return CreateWebhook(
        ledger=LedgerReader(boto3.resource("dynamodb").Table(settings().ledger_table)),
        webhooks=webhooks(),
        claims=claims(),
        signer=signer(),
        reach=settings().webhook_receivers,
        token=random_token,
        clock=utc_now,
    )


@cache
def read_webhooks() -> ReadWebhooks:
    return ReadWebhooks(webhooks())


@cache
def change_webhook() -> ChangeWebhook:
    return ChangeWebhook(webhooks(), settings().webhook_receivers)


@cache
def rotate_secret() -> RotateSecret:
    return RotateSecret(webhooks(), claims(), signer(), utc_now)


@cache
def delete_webhook() -> DeleteWebhook:
    return DeleteWebhook(webhooks())


@cache
def try_webhook() -> "TryWebhook":
    from flareflow.webhooks.replaying import TryWebhook

    return TryWebhook(webhooks(), deliveries(), queue(), claims(), random_token, utc_now)


@cache
def list_deliveries() -> "ListDeliveries":
    from flareflow.webhooks.replaying import ListDeliveries

    return ListDeliveries(webhooks(), deliveries())


@cache
def replay_delivery() -> "ReplayDelivery":
    from flareflow.webhooks.replaying import ReplayDelivery

    return ReplayDelivery(webhooks(), deliveries(), queue(), utc_now)


@cache
def limit_requests() -> LimitRequests:
    return LimitRequests(DynamoRequestCounts(boto3.resource("dynamodb").Table(settings().limits_table)), utc_now)
