"""UsageTable as sealing sees it: the epoch that is counted under now, and what each epoch added."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.tables import EPOCH_DELTA, OPEN_EPOCH
from flareflow.adapters.dynamodb.usage_items import usage_of
from flareflow.errors import BrokenRuleError
from flareflow.metering.models import Usage
from flareflow.statements.ports import OpenEpoch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DELTA_PAGES_MAX: Final = 1000


def read_open_epoch(table: "Table") -> OpenEpoch | None:
    """The open epoch; None before the first poll."""
    with translating("read the open epoch"):
        item = table.get_item(Key=OPEN_EPOCH.key(), ConsistentRead=True).get("Item")
    if item is None:
        return None
    sealing = item.get("sealing")
    return OpenEpoch(int(str(item["epoch"])), None if sealing is None else int(str(sealing)))


@dataclass(frozen=True, slots=True)
class DynamoEpochUsage:
    """`EpochUsage` over UsageTable."""

    table: "Table"

    def open_epoch(self) -> OpenEpoch | None:
        return read_open_epoch(self.table)

    def close(self, epoch: int, next_epoch: int) -> None:
        with translating(f"close epoch {epoch}"):
            self.table.update_item(
                Key=OPEN_EPOCH.key(),
                UpdateExpression="SET epoch = :next, sealing = :epoch",
                ConditionExpression="epoch = :epoch AND attribute_not_exists(sealing)",
                ExpressionAttributeValues={":epoch": epoch, ":next": next_epoch},
            )

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        deltas: dict[int, Usage] = {}
        query: dict[str, Any] = {"KeyConditionExpression": EPOCH_DELTA.all_of(epoch=epoch)}
        for _ in range(DELTA_PAGES_MAX):
            with translating(f"read what epoch {epoch} added"):
                found = self.table.query(ConsistentRead=True, **query)
            deltas |= {EPOCH_DELTA.number(item, "subscription_id"): usage_of(item) for item in found["Items"]}
            if "LastEvaluatedKey" not in found:
                return deltas
            query["ExclusiveStartKey"] = found["LastEvaluatedKey"]
        raise BrokenRuleError(f"epoch {epoch} has more than {DELTA_PAGES_MAX} pages of deltas")

    def sealed(self, epoch: int) -> None:
        with suppress(ConditionFailedError), translating(f"end the sealing of epoch {epoch}"):
            self.table.update_item(
                Key=OPEN_EPOCH.key(),
                UpdateExpression="REMOVE sealing",
                ConditionExpression="sealing = :epoch",
                ExpressionAttributeValues={":epoch": epoch},
            )
