"""The standing of each subscription, in LedgerTable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from flareflow.accounts.models import KnownStanding
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_kinds import STANDING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_STANDING: Final = LateAdapter(KnownStanding)


def standing_of(item: Item) -> KnownStanding:
    return _STANDING.validate_python(item)


@dataclass(frozen=True, slots=True)
class DynamoStandings:
    """`Standings`: one item for each subscription."""

    table: "Table"

    def find(self, subscription_id: int) -> KnownStanding | None:
        with translating("read a standing"):
            found = self.table.get_item(Key=STANDING.key(subscription_id=subscription_id), ConsistentRead=True)
        return standing_of(found["Item"]) if "Item" in found else None

    def replace(self, after: KnownStanding) -> None:
        item: Any = _STANDING.dump_python(after, mode="json") | STANDING.key(subscription_id=after.subscription_id)
        is_next = Attr("version").eq(after.version - 1) if after.version > 1 else Attr("pk").not_exists()
        with translating("store a standing"):
            self.table.put_item(Item=item, ConditionExpression=is_next)
