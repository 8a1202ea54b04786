"""UsageTable as sealing sees it: the epoch that counts now, and what each epoch added (keys: see `tables`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.adapters.dynamodb.usage_items import OPEN_EPOCH, usage_of
from flareflow.errors import BrokenRuleError, RaceLostError
from flareflow.metering.models import Usage
from flareflow.statements.ports import OpenEpoch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DELTA_PAGES_MAX: Final = 1000


def read_open_epoch(table: "Table") -> OpenEpoch | None:
    """The pointer; None before the first poll."""
    with translating("read the open epoch"):
        item = table.get_item(Key=OPEN_EPOCH, ConsistentRead=True).get("Item")
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
                Key=OPEN_EPOCH,
                UpdateExpression="SET epoch = :next, sealing = :epoch",
                ConditionExpression="epoch = :epoch AND attribute_not_exists(sealing)",
                ExpressionAttributeValues={":epoch": epoch, ":next": next_epoch},
            )

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        deltas: dict[int, Usage] = {}
        query: dict[str, Any] = {"KeyConditionExpression": Key("pk").eq(f"EPOCH#{number_key(epoch)}")}
        for _ in range(DELTA_PAGES_MAX):
            with translating(f"read what epoch {epoch} added"):
                found = self.table.query(ConsistentRead=True, **query)
            deltas |= {int(str(item["sk"]).removeprefix("SUB#")): usage_of(item) for item in found["Items"]}
            if "LastEvaluatedKey" not in found:
                return deltas
            query["ExclusiveStartKey"] = found["LastEvaluatedKey"]
        raise BrokenRuleError(f"epoch {epoch} has more than {DELTA_PAGES_MAX} pages of deltas")

    def sealed(self, epoch: int) -> None:
        try:
            with translating(f"end the sealing of epoch {epoch}"):
                self.table.update_item(
                    Key=OPEN_EPOCH,
                    UpdateExpression="REMOVE sealing",
                    ConditionExpression="sealing = :epoch",
                    ExpressionAttributeValues={":epoch": epoch},
                )
        except RaceLostError:
            return
