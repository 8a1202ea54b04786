"""One subscription's usage as items of UsageTable, and the actions of the transactions that change it.

`LIVE` guards everything about a subscription: each change is written together with it, on condition that its version
is the one that was read. So a step that is repeated or lost a race changes nothing, and totals are always the sums of
what the packs hold. Records that wait for their rows are in `LIVE`; what does not fit is spilled into items of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.live_totals import live_totals_of
from flareflow.adapters.dynamodb.usage_kinds import (
    EPOCH_SHARD,
    EPOCH_SHARDS,
    LIVE_TOTALS,
    PACK_NAME,
    USAGE_PACK,
    WAITING_RECORDS,
)
from flareflow.adapters.dynamodb.usage_packs import (
    pack_entries,
    pack_records,
    split_entries,
    split_records,
    unpack_entries,
    unpack_records,
)
from flareflow.metering.models import LiveTotals, Usage, amounts
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.usage_events import Entry, RatedRecord

WAITING_IN_LIVE_MAX: Final = 60
"""With more, those that waited before are spilled. The new ones stay: watchers are told of what is new in `LIVE`."""
PACK_SPAN_MAX: Final = timedelta(minutes=10)
"""The start times in a pack are at most this far apart, so a range of start times finds its packs by their keys."""

PACK_PARTS: Final = ("subscription_id", "second", "version", "part", "epoch")
"""What the key of a pack and its name in the list of its epoch consist of."""

type Action = dict[str, Any]
"""One action of a transaction, without the table's name."""


@dataclass(frozen=True, slots=True)
class Live:
    """The item `LIVE` of one subscription; `spilled` is the number of items with records that did not fit into it."""

    version: int = 0
    totals: LiveTotals = field(default_factory=LiveTotals)
    waiting: Sequence[RatedRecord] = ()
    spilled: int = 0


@dataclass(frozen=True, slots=True)
class StoredUsage:
    """What was read of one subscription: `spilled` by sort key, `entries` of the packs that were asked for."""

    subscription_id: int
    live: Live = field(default_factory=Live)
    spilled: Mapping[str, Sequence[RatedRecord]] = field(default_factory=dict)
    entries: Sequence[Entry] = ()

    @property
    def waiting(self) -> Sequence[RatedRecord]:
        return [*self.live.waiting, *(record for records in self.spilled.values() for record in records)]

    @property
    def known(self) -> Known:
        return Known(self.waiting, self.entries)

    def actions(self, outcome: Outcome, epoch: int | None) -> list[Action]:
        """The actions that write `outcome`; what it bills counts under `epoch`, which is part of its packs' keys."""
        version = self.live.version + 1
        kept, spilled = self._spilled_without(outcome.gone)
        waiting = [record for record in self.live.waiting if record not in outcome.gone]
        if len(waiting) + len(outcome.added) > WAITING_IN_LIVE_MAX:
            puts = _put_spilled(self.subscription_id, version, waiting)
            spilled += puts
            kept, waiting = kept + len(puts), []
        waiting += outcome.added
        totals = LiveTotals(
            self.live.totals.counted + outcome.counted, self.live.totals.unconfirmed + outcome.unconfirmed
        )
        packs = _put_packs(self.subscription_id, version, epoch or 0, outcome.entries)
        return [_put_live(self.subscription_id, Live(version, totals, waiting, kept)), *spilled, *packs]

    def _spilled_without(self, gone: Sequence[RatedRecord]) -> tuple[int, list[Action]]:
        """The number of spilled items that are left without the records that are `gone`, and the writes of these."""
        ended = set(gone)
        kept, actions = 0, []
        for sort_key, records in self.spilled.items():
            left = [record for record in records if record not in ended]
            kept += bool(left)
            if len(left) < len(records):
                key = {"pk": WAITING_RECORDS.partition(subscription_id=self.subscription_id), "sk": sort_key}
                put = {"Put": {"Item": key | {"records": pack_records(left)}}}
                actions.append(put if left else {"Delete": {"Key": key}})
        return kept, actions


def shard_of(subscription_id: int) -> int:
    return subscription_id % EPOCH_SHARDS


def check_open(shard: int, epoch: int) -> Action:
    """The action that fails unless `epoch` is still the open one."""
    check = {"ConditionExpression": "epoch = :epoch", "ExpressionAttributeValues": {":epoch": epoch}}
    return {"ConditionCheck": {"Key": EPOCH_SHARD.key(shard=shard), **check}}


def live_of(item: Item, subscription_id: int) -> Live:
    packed = bytes(item["waiting"]) if "waiting" in item else None
    return Live(
        version=int(item.get("version", 0)),
        totals=live_totals_of(item),
        waiting=unpack_records(subscription_id, packed) if packed is not None else (),
        spilled=int(item.get("spilled", 0)),
    )


def entries_of(item: Item) -> Sequence[Entry]:
    """The entries of a pack."""
    return unpack_entries(bytes(item["entries"]))


def records_of(item: Item, subscription_id: int) -> Sequence[RatedRecord]:
    """The records of a spilled item."""
    return unpack_records(subscription_id, bytes(item["records"]))


def name_of(pack: Item) -> Item:
    """The item that names a pack in the list of its epoch."""
    parts = {part: USAGE_PACK.number(pack, part) for part in PACK_PARTS}
    return PACK_NAME.key(shard=shard_of(parts["subscription_id"]), **parts)


def pack_key(name: Item) -> Item:
    """The key of the pack that an item of an epoch's list names."""
    return USAGE_PACK.key(**{part: PACK_NAME.number(name, part) for part in PACK_PARTS})


def names_between(epoch: int, shard: int, first_id: int, last_id: int) -> ConditionBase:
    """Query condition: the names of an epoch's packs of the subscriptions of a shard from one id to another."""
    of_first = PACK_NAME.sort_key(subscription_id=first_id, version=0, part=0, second=0)
    of_last = PACK_NAME.sort_key(subscription_id=last_id, version=10**10 - 1, part=999, second=10**10 - 1)
    return Key("pk").eq(PACK_NAME.partition(epoch=epoch, shard=shard)) & Key("sk").between(of_first, of_last)


def _put_live(subscription_id: int, live: Live) -> Action:
    item = LIVE_TOTALS.key(subscription_id=subscription_id) | {
        "version": live.version,
        "counted": _amounts(live.totals.counted),
        "unconfirmed": _amounts(live.totals.unconfirmed),
    }
    if live.waiting:
        item["waiting"] = pack_records(live.waiting)
    if live.spilled:
        item["spilled"] = live.spilled
    if live.version == 1:
        return {"Put": {"Item": item, "ConditionExpression": ABSENT}}
    was = {":was": live.version - 1}
    return {"Put": {"Item": item, "ConditionExpression": "version = :was", "ExpressionAttributeValues": was}}


def _put_spilled(subscription_id: int, version: int, records: Sequence[RatedRecord]) -> list[Action]:
    actions = []
    for part, chunk in enumerate(split_records(records)):
        key = WAITING_RECORDS.key(subscription_id=subscription_id, version=version, part=part)
        actions.append({"Put": {"Item": key | {"records": pack_records(chunk)}}})
    return actions


def _put_packs(subscription_id: int, version: int, epoch: int, entries: Sequence[Entry]) -> list[Action]:
    actions = []
    for part, chunk in enumerate(split_entries(entries, PACK_SPAN_MAX)):
        of_step = {"subscription_id": subscription_id, "version": version, "part": part, "epoch": epoch}
        key = USAGE_PACK.key(second=_second(chunk[0].call.started_at), **of_step)
        actions.append({"Put": {"Item": key | {"entries": pack_entries(chunk)}}})
    return actions


def _amounts(usage: Usage) -> list[int]:
    return list(amounts(usage))


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def packs_between(subscription_id: int, first: datetime, last: datetime) -> tuple[str, str, str]:
    """Partition and both bounds of the sort keys of the packs that can hold start times from `first` to `last`."""
    low, high = _second(first - PACK_SPAN_MAX), _second(last) + 1
    return (
        USAGE_PACK.partition(subscription_id=subscription_id),
        USAGE_PACK.sort_key(second=max(low, 0), version=0, part=0, epoch=0),
        USAGE_PACK.sort_key(second=high, version=0, part=0, epoch=0),
    )
