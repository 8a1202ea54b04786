"""Leases of credit, in AccountsTable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from flareflow.accounts.models import SubscriptionLeases
from flareflow.adapters.dynamodb.account_kinds import LEASES
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.late_adapter import LateAdapter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_LEASES: Final = LateAdapter(SubscriptionLeases)


@dataclass(frozen=True, slots=True)
class DynamoLeases:
    """`Leases`: one item for each subscription, with all of its leases."""

    table: "Table"

    def of(self, subscription_id: int) -> SubscriptionLeases:
        with translating("read leases"):
            found = self.table.get_item(Key=LEASES.key(subscription_id=subscription_id), ConsistentRead=True)
        return _LEASES.validate_python(found["Item"]) if "Item" in found else SubscriptionLeases(subscription_id, {}, 0)

    def replace(self, after: SubscriptionLeases) -> None:
        item: Any = _LEASES.dump_python(after, mode="json") | LEASES.key(subscription_id=after.subscription_id)
        is_next = Attr("version").eq(after.version - 1) if after.version > 1 else Attr("pk").not_exists()
        with translating("store leases"):
            self.table.put_item(Item=item, ConditionExpression=is_next)
