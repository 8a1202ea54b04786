"""AccountsTable as metering sees it: which subscription a virtual key belongs to (keys: see `tables`)."""

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.metering.models import Subscriptions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

PREFIX = "KEY#"


@dataclass(frozen=True, slots=True)
class DynamoKeyDirectory:
    """`KeyDirectory` over AccountsTable."""

    table: "Table"

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        items = read_items(self.table, [PREFIX + key_hash for key_hash in sorted(key_hashes)], "KEY")
        return {item["pk"].removeprefix(PREFIX): int(item["subscription_id"]) for item in items}
