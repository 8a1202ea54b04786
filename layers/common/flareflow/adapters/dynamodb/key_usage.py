"""What a key has used, from UsageTable. No item is kept for this alone.

Reconciliation adds up what each sealed epoch billed, by key and day. What it has not added yet is read from the packs
of later epochs, and what is not billed yet from the records that wait.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from flareflow.accounts.key_usage import KeyAmounts, KeyUsage
from flareflow.accounts.models import VirtualKey
from flareflow.adapters.dynamodb.batches import query_pages, read_items
from flareflow.adapters.dynamodb.epoch_usage import read_open_epoch
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.usage_items import (
    entries_of,
    live_of,
    names_between,
    pack_key,
    records_of,
    shard_of,
)
from flareflow.adapters.dynamodb.usage_kinds import BILLED_OF_KEY, LIVE_TOTALS, RECONCILED, WAITING_RECORDS
from flareflow.errors import StorageUnavailableError
from flareflow.metering.usage_events import RatedRecord
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ALL_DAYS: Final = "all"
EPOCHS_MAX: Final = 100
"""Epochs that reconciliation may be behind: eight hours."""
SPILLED_MAX: Final = 100
NEVER: Final = -1


@dataclass(frozen=True, slots=True)
class _Later:
    """A call that is billed under an epoch; under none yet where `epoch` is None."""

    key_hash: str
    epoch: int | None
    day: date
    amounts: KeyAmounts


@dataclass(frozen=True, slots=True)
class DynamoKeyUsages:
    """`KeyUsages` over UsageTable.

    Records that wait are read first, then what reconciliation has added up, then packs: what moves on meanwhile is
    counted twice for a moment, never not at all.
    """

    table: "Table"
    pause: Pause

    def of_key(self, key: VirtualKey, days: Sequence[date]) -> KeyUsage:
        return self._of_keys(key.subscription_id, [key.key_hash], days)[key.key_hash]

    def totals_microtokens(self, subscription_id: int, key_hashes: Collection[str]) -> Mapping[str, int]:
        if not key_hashes:
            return {}
        usages = self._of_keys(subscription_id, key_hashes, ())
        return {key_hash: one.total.rated_microtokens for key_hash, one in usages.items()}

    def _of_keys(
        self, subscription_id: int, key_hashes: Collection[str], days: Sequence[date]
    ) -> Mapping[str, KeyUsage]:
        waiting = [
            _later(one.call.key_hash, None, one.call.started_at, one.rated_microtokens)
            for one in self._waiting(subscription_id)
        ]
        through = self._through_epoch()
        added_up = self._added_up(key_hashes, [ALL_DAYS, *(day.isoformat() for day in days)])
        later = [*waiting, *self._packed(subscription_id, through)]

        def amounts(key_hash: str, day: date | None) -> KeyAmounts:
            item = added_up.get((key_hash, day.isoformat() if day else ALL_DAYS), {})
            included = max(through, int(item.get("epoch", NEVER)))
            sums = KeyAmounts(int(item.get("rows", 0)), int(item.get("rated_microtokens", 0)))
            for one in later:
                is_meant = one.key_hash == key_hash and day in {None, one.day}
                if is_meant and (one.epoch is None or one.epoch > included):
                    sums += one.amounts
            return sums

        return {one: KeyUsage(amounts(one, None), {day: amounts(one, day) for day in days}) for one in key_hashes}

    def _waiting(self, subscription_id: int) -> Sequence[RatedRecord]:
        with translating("read waiting records"):
            item = self.table.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        live = live_of(item.get("Item", {}), subscription_id)
        return [*live.waiting, *(self._spilled(subscription_id) if live.spilled else ())]

    def _spilled(self, subscription_id: int) -> list[RatedRecord]:
        with translating("read spilled records"):
            found = self.table.query(
                KeyConditionExpression=WAITING_RECORDS.all_of(subscription_id=subscription_id),
                Limit=SPILLED_MAX,
                ConsistentRead=True,
            )
        return [record for item in found["Items"] for record in records_of(item, subscription_id)]

    def _through_epoch(self) -> int:
        with translating("read the last reconciled epoch"):
            item = self.table.get_item(Key=RECONCILED.key(), ConsistentRead=True).get("Item")
        return int(str(item["epoch"])) if item else NEVER

    def _added_up(self, key_hashes: Collection[str], days: Sequence[str]) -> Mapping[tuple[str, str], Item]:
        """By key and day."""
        keys = [BILLED_OF_KEY.key(day=day, key_hash=key_hash) for key_hash in key_hashes for day in days]
        items = read_items(self.table, keys, self.pause)
        return {(BILLED_OF_KEY.part(item, "key_hash"), BILLED_OF_KEY.part(item, "day")): item for item in items}

    def _packed(self, subscription_id: int, through: int) -> Iterator[_Later]:
        """The billed calls of all keys in epochs after `through`."""
        opened = read_open_epoch(self.table)
        if opened is None:
            return
        first = max(through + 1, opened.epoch - EPOCHS_MAX + 1)
        if through != NEVER and first > through + 1:
            raise StorageUnavailableError(f"reconciliation is more than {EPOCHS_MAX} epochs behind")
        for epoch in range(first, opened.epoch + 1):
            for pack in read_items(self.table, self._packs(subscription_id, epoch), self.pause):
                for entry in entries_of(pack):
                    if entry.is_billed:
                        yield _later(entry.call.key_hash, epoch, entry.call.started_at, entry.rated_microtokens)

    def _packs(self, subscription_id: int, epoch: int) -> list[Item]:
        """The keys of the packs of an epoch; what was not counted after all has no pack."""
        names = names_between(epoch, shard_of(subscription_id), subscription_id, subscription_id)
        pages = query_pages(self.table, names, "list the packs of an epoch")
        return [pack_key(name) for page in pages for name in page]


def _later(key_hash: str, epoch: int | None, started_at: datetime, rated_microtokens: int) -> _Later:
    return _Later(key_hash, epoch, started_at.astimezone(UTC).date(), KeyAmounts(1, rated_microtokens))
