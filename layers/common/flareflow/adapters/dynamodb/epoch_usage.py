"""UsageTable as sealing sees it: the epoch that is counted under now, and what each epoch added.

The open epoch is stored once for sealing and once in each shard: a transaction that counts checks only the shard of its
subscriptions, so no item is touched by every writer. All of them change in one transaction.

A pack has its epoch in its key, and is listed under it before the transaction that writes it. So the list of a closed
epoch has all of its packs; a name in it whose transaction was not written names a pack that does not exist.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase

from flareflow.adapters.dynamodb.batches import query_pages, read_items
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT
from flareflow.adapters.dynamodb.usage_items import entries_of, names_between, pack_key, shard_of
from flareflow.adapters.dynamodb.usage_kinds import EPOCH_SHARD, EPOCH_SHARDS, OPEN_EPOCH, PACK_NAME, USAGE_PACK
from flareflow.errors import RaceLostError
from flareflow.metering.models import NO_USAGE, Usage
from flareflow.metering.usage_events import Entry, UsageEvent, usage_of
from flareflow.statements.ports import OpenEpoch
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

CLOSE_ATTEMPTS_MAX: Final = 20
CLOSE_PAUSE_SECONDS: Final = 0.05


def check_of_not_opened(epoch: int) -> dict[str, Any]:
    """A condition check of a transaction in UsageTable: the epoch is neither open nor over."""
    return {
        "Key": OPEN_EPOCH.key(),
        "ConditionExpression": "attribute_not_exists(epoch) OR epoch < :from",
        "ExpressionAttributeValues": {":from": epoch},
    }


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
        for subscription_id, billed in self.billed(epoch):
            added = Usage.sum(usage_of(one.call.tokens, one.rated_microtokens, one.cost_nanousd) for one in billed)
            deltas[subscription_id] = deltas.get(subscription_id, NO_USAGE) + added
        return deltas

    def subscriptions(self, epoch: int) -> Sequence[int]:
        """The ids of the subscriptions that have packs of an epoch, rising; no pack is read."""
        conditions = [PACK_NAME.all_of(epoch=epoch, shard=shard) for shard in range(EPOCH_SHARDS)]
        pages = (page for one in conditions for page in query_pages(self.table, one, "list the packs of an epoch"))
        return sorted({PACK_NAME.number(name, "subscription_id") for page in pages for name in page})

    def billed(self, epoch: int) -> Iterator[tuple[int, Sequence[Entry]]]:
        """What is billed in each pack of an epoch, by subscription id."""
        for shard in range(EPOCH_SHARDS):
            yield from self._billed(PACK_NAME.all_of(epoch=epoch, shard=shard))

    def events(self, epoch: int, subscription_ids: Collection[int]) -> Mapping[int, Sequence[UsageEvent]]:
        """One range of ids is read of each shard, so ids that are near each other are found with least reading."""
        events: dict[int, list[UsageEvent]] = {one: [] for one in subscription_ids}
        for shard in {shard_of(one) for one in subscription_ids}:
            names = names_between(epoch, shard, min(subscription_ids), max(subscription_ids))
            for subscription_id, billed in self._billed(names, only=events.keys()):
                events[subscription_id] += [entry.event(subscription_id) for entry in billed]
        return events

    def _billed(
        self, names: ConditionBase, only: Collection[int] | None = None
    ) -> Iterator[tuple[int, Sequence[Entry]]]:
        """What is billed in each of the packs with these names, by subscription id; of all of them, or `only` some."""
        for page in query_pages(self.table, names, "list the packs of an epoch"):
            wanted = [one for one in page if only is None or PACK_NAME.number(one, "subscription_id") in only]
            for pack in read_items(self.table, [pack_key(name) for name in wanted], self.pause):
                yield (
                    USAGE_PACK.number(pack, "subscription_id"),
                    [entry for entry in entries_of(pack) if entry.is_billed],
                )

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
