"""WebhooksTable: webhooks, the requests that made something, and deliveries."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr, Key

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.paging import next_cursor, starting_after
from flareflow.adapters.dynamodb.webhook_kinds import CLAIM, DELIVERY, WEBHOOK
from flareflow.webhooks.models import Delivery, Webhook
from flareflow.webhooks.ports import Claim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

WEBHOOKS_LISTED_MAX: Final = 50
DELIVERIES_LISTED_MAX: Final = 20
CLAIM_LIFETIME: Final = timedelta(days=1)

_ID: Final = re.compile(r"wh_(0|[1-9][0-9]{0,19})_[0-9a-f]{24}")
_WEBHOOK: Final = LateAdapter(Webhook)
_DELIVERY: Final = LateAdapter(Delivery)


@dataclass(frozen=True, slots=True)
class DynamoWebhooks:
    """`Webhooks`: an item for each, under its account. The id of a webhook names its subscription, and so its key."""

    table: "Table"

    def add(self, webhook: Webhook) -> None:
        item: Any = _WEBHOOK.dump_python(webhook, mode="json") | _key_of(webhook)
        with suppress(ConditionFailedError), translating("store a webhook"):
            self.table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists())

    def find(self, owner: str, webhook_id: str) -> Webhook | None:
        named = _ID.fullmatch(webhook_id)
        if named is None:
            return None
        key = WEBHOOK.key(owner=owner, subscription_id=int(named[1]), webhook_id=webhook_id)
        with translating("find a webhook"):
            found = self.table.get_item(Key=key, ConsistentRead=True)
        return _WEBHOOK.validate_python(found["Item"]) if "Item" in found else None

    def of_subscription(self, owner: str, subscription_id: int) -> Sequence[Webhook]:
        prefix = WEBHOOK.sort_key(subscription_id=subscription_id, webhook_id="")
        condition = Key("pk").eq(WEBHOOK.partition(owner=owner)) & Key("sk").begins_with(prefix)
        with translating("list the webhooks of a subscription"):
            found = self.table.query(KeyConditionExpression=condition, ConsistentRead=True)
        return sorted(map(_WEBHOOK.validate_python, found["Items"]), key=lambda one: one.created_at)

    def of_account(self, owner: str, cursor: str | None) -> CursorPage[Webhook]:
        with translating("list webhooks"):
            found = self.table.query(
                KeyConditionExpression=WEBHOOK.all_of(owner=owner),
                Limit=WEBHOOKS_LISTED_MAX,
                **starting_after(WEBHOOK, WEBHOOK.partition(owner=owner), cursor),
            )
        return CursorPage(list(map(_WEBHOOK.validate_python, found["Items"])), next_cursor(WEBHOOK, found))

    def change(self, webhook: Webhook, *names: str) -> bool:
        stored = _WEBHOOK.dump_python(webhook, mode="json")
        try:
            with translating("change a webhook"):
                self.table.update_item(
                    Key=_key_of(webhook),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in names),
                    ConditionExpression=Attr("pk").exists(),
                    ExpressionAttributeNames={f"#{name}": name for name in names},
                    ExpressionAttributeValues={f":{name}": stored[name] for name in names},
                )
        except ConditionFailedError:
            return False
        return True

    def remove(self, webhook: Webhook) -> None:
        with translating("remove a webhook"):
            self.table.delete_item(Key=_key_of(webhook))


@dataclass(frozen=True, slots=True)
class DynamoClaims:
    """`Claims`: an item for each account and idempotency key."""

    table: "Table"

    def claim(self, claim: Claim, now: datetime) -> Claim:
        key = CLAIM.key(owner=claim.owner, idempotency_key=claim.idempotency_key)
        wanted = {"request_hash": claim.request_hash, "made": claim.made}
        expires_at = {EXPIRES_AT: int((now + CLAIM_LIFETIME).timestamp())}
        is_free = Attr("pk").not_exists() | Attr(EXPIRES_AT).lte(int(now.timestamp()))
        try:
            with translating("claim a request"):
                self.table.put_item(Item=key | wanted | expires_at, ConditionExpression=is_free)
        except ConditionFailedError:
            with translating("read a claim"):
                item: Item = self.table.get_item(Key=key, ConsistentRead=True).get("Item", wanted)
            return Claim(claim.owner, claim.idempotency_key, str(item["request_hash"]), str(item["made"]))
        return claim


@dataclass(frozen=True, slots=True)
class DynamoDeliveries:
    """`Deliveries`: an item for each, under its webhook. Its id begins with its time."""

    table: "Table"

    def add(self, delivery: Delivery) -> None:
        with suppress(ConditionFailedError), translating("store a delivery"):
            self.table.put_item(Item=_delivery_item(delivery), ConditionExpression=Attr("pk").not_exists())

    def find(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        key = DELIVERY.key(webhook_id=webhook_id, delivery_id=delivery_id)
        with translating("find a delivery"):
            found = self.table.get_item(Key=key, ConsistentRead=True)
        return _DELIVERY.validate_python(found["Item"]) if "Item" in found else None

    def of(self, webhook_id: str, cursor: str | None) -> CursorPage[Delivery]:
        with translating("list deliveries"):
            found = self.table.query(
                KeyConditionExpression=DELIVERY.all_of(webhook_id=webhook_id),
                ScanIndexForward=False,
                Limit=DELIVERIES_LISTED_MAX,
                **starting_after(DELIVERY, DELIVERY.partition(webhook_id=webhook_id), cursor),
            )
        return CursorPage(list(map(_DELIVERY.validate_python, found["Items"])), next_cursor(DELIVERY, found))

    def replace(self, after: Delivery) -> None:
        is_next = Attr("version").eq(after.version - 1)
        with translating("record an attempt"):
            self.table.put_item(Item=_delivery_item(after), ConditionExpression=is_next)


def _key_of(webhook: Webhook) -> Item:
    return WEBHOOK.key(owner=webhook.owner, subscription_id=webhook.subscription_id, webhook_id=webhook.webhook_id)


def _delivery_item(delivery: Delivery) -> Item:
    item: Item = _DELIVERY.dump_python(delivery, mode="json")
    key = DELIVERY.key(webhook_id=delivery.webhook_id, delivery_id=delivery.delivery_id)
    return item | key | {EXPIRES_AT: int(delivery.expires_at.timestamp())}
