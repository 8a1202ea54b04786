"""The items of LedgerTable that many functions read: subscriptions, plans and how far the chain was read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_kinds import CHAIN_CURSOR, SUBSCRIPTION
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.subscription import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_SUBSCRIPTION: Final = LateAdapter(Subscription)
PLAN_VERSION: Final = LateAdapter(PlanVersion)


def read_subscription(table: "Table", subscription_id: int) -> Subscription | None:
    """A subscription as of the last event in the journal; None before its first."""
    with translating("read a subscription"):
        found = table.get_item(Key=SUBSCRIPTION.key(subscription_id=subscription_id), ConsistentRead=True)
    return subscription_of(found["Item"]) if "Item" in found else None


def subscription_of(item: Mapping[str, Any]) -> Subscription:
    return _SUBSCRIPTION.validate_python(item)


def read_height(table: "Table") -> int | None:
    """The last block whose events are all in the journal; None before the first."""
    with translating("read how far the chain was read"):
        item = table.get_item(Key=CHAIN_CURSOR.key(), ConsistentRead=True).get("Item")
    return int(str(item["height"])) if item else None


def plan_of(item: Mapping[str, Any]) -> PlanVersion:
    return PLAN_VERSION.validate_python(item)
