"""AccountsTable as metering sees it: which subscription a virtual key belongs to."""

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.key_owner_kinds import HASHED_KEY, KEY_OWNER
from flareflow.metering.models import Subscriptions
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class DynamoKeyDirectory:
    """`KeyDirectory` over AccountsTable."""

    table: "Table"
    pause: Pause

    def subscriptions(self, key_hashes: Set[str]) -> Subscriptions:
        keys = [KEY_OWNER.key(key_hash=key_hash) for key_hash in sorted(key_hashes)]
        items = read_items(self.table, keys, self.pause)
        return {KEY_OWNER.part(item, "key_hash"): int(item["subscription_id"]) for item in items}

    def hashed_twice(self, hashes: Set[str]) -> Set[str]:
        keys = [HASHED_KEY.key(hashed_twice=one) for one in sorted(hashes)]
        return {HASHED_KEY.part(item, "hashed_twice") for item in read_items(self.table, keys, self.pause)}
