"""UsageTable as sealing sees it: the epoch that is counted under now, and what each epoch added.

The open epoch is stored once for sealing and once in each shard: a transaction that counts checks only the shard of its
subscriptions, so no item is touched by every writer. All of them change in one transaction.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT
from flareflow.adapters.dynamodb.tables import EPOCH_DELTA, EPOCH_SHARD, EPOCH_SHARDS, OPEN_EPOCH, USAGE_PACK
from flareflow.adapters.dynamodb.usage_items import entries_of, packs_of, shard_of, usage_of
from flareflow.errors import BrokenRuleError, RaceLostError
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import UsageEvent
from flareflow.statements.ports import OpenEpoch
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DELTA_PAGES_MAX: Final = 1000
CLOSE_ATTEMPTS_MAX: Final = 20
CLOSE_PAUSE_SECONDS: Final = 0.05


def read_open_epoch(table: "Table") -> OpenEpoch | None:
    """The open epoch; None before the first poll."""
    with translating("read the open epoch"):
        item = table.get_item(Key=OPEN_EPOCH.key(), ConsistentRead=True).get("Item")
    if item is None:
        return None
    sealing = item.get("sealing")
    return OpenEpoch(int(str(item["epoch"])), None if sealing is None else int(str(sealing)))


def open_epoch_if_none(table: "Table", epoch: int) -> None:
    """Count under `epoch`, unless an epoch was opened before."""
    if read_open_epoch(table) is not None:
        return
    keys = [OPEN_EPOCH.key(), *(EPOCH_SHARD.key(shard=shard) for shard in range(EPOCH_SHARDS))]
    puts: Any = [
        {"Put": {"TableName": table.name, "Item": key | {"epoch": epoch}, "ConditionExpression": ABSENT}}
        for key in keys
    ]
    with suppress(RaceLostError), translating("open the first epoch"):
        table.meta.client.transact_write_items(TransactItems=puts)


@dataclass(frozen=True, slots=True)
class DynamoEpochUsage:
    """`EpochUsage` over UsageTable."""

    table: "Table"
    pause: Pause

    def open_epoch(self) -> OpenEpoch | None:
        return read_open_epoch(self.table)

    def close(self, epoch: int, next_epoch: int) -> None:
        update = {
            "ConditionExpression": "epoch = :epoch",
            "ExpressionAttributeValues": {":epoch": epoch, ":next": next_epoch},
        }
        pointer = update | {
            "UpdateExpression": "SET epoch = :next, sealing = :epoch",
            "ConditionExpression": "epoch = :epoch AND attribute_not_exists(sealing)",
        }
        shard = update | {"UpdateExpression": "SET epoch = :next"}
        actions: Any = [
            {"Update": {"TableName": self.table.name, "Key": OPEN_EPOCH.key(), **pointer}},
            *(
                {"Update": {"TableName": self.table.name, "Key": EPOCH_SHARD.key(shard=number), **shard}}
                for number in range(EPOCH_SHARDS)
            ),
        ]
        self._again_on_conflict(lambda: self._transact(actions, f"close epoch {epoch}"))

    def deltas(self, epoch: int) -> Mapping[int, Usage]:
        deltas: dict[int, Usage] = {}
        for shard in range(EPOCH_SHARDS):
            deltas |= self._deltas_of_shard(epoch, shard)
        return deltas

    def _deltas_of_shard(self, epoch: int, shard: int) -> dict[int, Usage]:
        deltas: dict[int, Usage] = {}
        query: dict[str, Any] = {"KeyConditionExpression": EPOCH_DELTA.all_of(epoch=epoch, shard=shard)}
        for _ in range(DELTA_PAGES_MAX):
            with translating(f"read what epoch {epoch} added"):
                found = self.table.query(ConsistentRead=True, **query)
            deltas |= {EPOCH_DELTA.number(item, "subscription_id"): usage_of(item) for item in found["Items"]}
            if "LastEvaluatedKey" not in found:
                return deltas
            query["ExclusiveStartKey"] = found["LastEvaluatedKey"]
        raise BrokenRuleError(f"epoch {epoch} has more than {DELTA_PAGES_MAX} pages of deltas in shard {shard}")

    def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
        deltas = [EPOCH_DELTA.key(epoch=epoch, shard=shard_of(one), subscription_id=one) for one in subscription_ids]
        packs = [
            {"pk": USAGE_PACK.partition(subscription_id=EPOCH_DELTA.number(delta, "subscription_id")), "sk": pack}
            for delta in read_items(self.table, deltas, self.pause)
            for pack in packs_of(delta)
        ]
        events: dict[int, list[UsageEvent]] = {one: [] for one in subscription_ids}
        for item in read_items(self.table, packs, self.pause):
            subscription_id = USAGE_PACK.number(item, "subscription_id")
            events[subscription_id] += [one.event(subscription_id) for one in entries_of(item) if one.is_billed]
        return events

    def sealed(self, epoch: int) -> None:
        with suppress(ConditionFailedError), translating(f"end the sealing of epoch {epoch}"):
            self.table.update_item(
                Key=OPEN_EPOCH.key(),
                UpdateExpression="REMOVE sealing",
                ConditionExpression="sealing = :epoch",
                ExpressionAttributeValues={":epoch": epoch},
            )

    def _transact(self, actions: Any, what: str) -> None:
        with translating(what):
            self.table.meta.client.transact_write_items(TransactItems=actions)

    def _again_on_conflict(self, write: Callable[[], None]) -> None:
        """Transactions that count conflict with this one while they run, so it is tried again a few times."""
        for _ in range(CLOSE_ATTEMPTS_MAX - 1):
            try:
                return write()
            except ConditionFailedError:
                raise
            except RaceLostError:
                self.pause(CLOSE_PAUSE_SECONDS)
        return write()
