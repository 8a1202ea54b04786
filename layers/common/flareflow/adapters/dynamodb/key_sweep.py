"""What the sweep of keys reads and writes: the subscriptions in LedgerTable, and its progress in AccountsTable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.account_kinds import KEY_SWEEP
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.ledger_kinds import SETTLED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class DynamoAllSubscriptions:
    """`AllSubscriptions`: the ledger has one item under `SETTLED` for each."""

    table: "Table"

    def after(self, subscription_id: int | None, limit: int) -> Sequence[int]:
        first = SETTLED.prefix if subscription_id is None else SETTLED.sort_key(subscription_id=subscription_id)
        with translating("list subscriptions"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(SETTLED.partition()) & Key("sk").gt(first), Limit=limit
            )
        return [SETTLED.number(item, "subscription_id") for item in found["Items"]]


@dataclass(frozen=True, slots=True)
class DynamoSweepProgress:
    """`SweepProgress`: one item."""

    table: "Table"

    def last(self) -> int | None:
        with translating("read the progress of the sweep"):
            item = self.table.get_item(Key=KEY_SWEEP.key(), ConsistentRead=True).get("Item", {})
        number = item.get("subscription_id")
        return None if number is None else int(str(number))

    def note(self, subscription_id: int | None) -> None:
        with translating("store the progress of the sweep"):
            self.table.put_item(Item={**KEY_SWEEP.key(), "subscription_id": subscription_id})
