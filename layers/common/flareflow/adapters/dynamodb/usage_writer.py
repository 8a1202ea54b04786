"""Read, decide, write, and again if the race was lost: how rows and records of many subscriptions are worked off.

A step is what one subscription's next rows or records change. The steps of a round of subscriptions are read a few at
the same time, and what finds them later is written before all of them. Those of subscriptions that share a shard of the
open epoch share a transaction while they fit into one; after a lost race each subscription is tried alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

from flareflow.adapters.dynamodb import usage_items
from flareflow.adapters.dynamodb.batches import query_pages, read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, Item
from flareflow.adapters.dynamodb.usage_items import (
    Action,
    StoredUsage,
    check_open,
    entries_of,
    live_of,
    name_of,
    packs_between,
    records_of,
    shard_of,
)
from flareflow.adapters.dynamodb.usage_kinds import (
    COUNTED_ALONE,
    EPOCH_SHARD,
    LIVE_TOTALS,
    UNCONFIRMED,
    USAGE_PACK,
    WAITING_RECORDS,
)
from flareflow.errors import UNREADABLE, BrokenRuleError, RaceLostError
from flareflow.json_format import timestamp
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.price_book import PriceBook
from flareflow.metering.rating import PriceBooks
from flareflow.metering.rows import Reason
from flareflow.metering.usage_events import Entry, OwnedRecord, OwnedRow, RatedRecord
from flareflow.metering.witnesses import REACH, set_aside
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ATTEMPTS_MAX: Final = 8
PAUSE_SECONDS: Final = 0.02
ROUND_SUBSCRIPTIONS_MAX: Final = 80
READ_AT_ONCE: Final = 4
ACTIONS_MAX: Final = 100
TRANSACTION_BYTES_MAX: Final = 3_000_000
"""Of binary attributes; DynamoDB takes 4 MB in all."""
STEP_CALLS_MAX: Final = 400
STEP_SPAN_MAX: Final = timedelta(hours=1)
SPILLED_CHANGED_MAX: Final = 60
MARKER_LIFETIME: Final = timedelta(days=90)

type Decide[T] = Callable[[Known, Sequence[T], PriceBook], Outcome]


@dataclass(frozen=True, slots=True)
class Work[T: (OwnedRow, OwnedRecord, RatedRecord)]:
    """Rows or records of one subscription that are left, by rising start time."""

    subscription_id: int
    calls: tuple[T, ...]
    attempts: int = 0

    @property
    def shard(self) -> int:
        return shard_of(self.subscription_id)

    @property
    def next_calls(self) -> Sequence[T]:
        """The calls of the next step, before it is known in how many spilled items their records are."""
        last = self.calls[0].call.started_at + STEP_SPAN_MAX
        return [one for one in self.calls[:STEP_CALLS_MAX] if one.call.started_at <= last]

    def after(self, step: "Step[T]", *, is_done: bool) -> "Work[T]":
        if is_done:
            return Work(self.subscription_id, self.calls[step.calls :])
        return replace(self, attempts=self.attempts + 1)


@dataclass(frozen=True, slots=True)
class Step[T: (OwnedRow, OwnedRecord, RatedRecord)]:
    """What the next `calls` calls of a subscription change, and the actions that write it.

    `version` is that of the totals before. `begins_to_wait`: whether records wait after this step, and none did before.
    """

    work: Work[T]
    calls: int
    outcome: Outcome
    actions: Sequence[Action] = ()
    version: int = 0
    begins_to_wait: bool = False

    @property
    def packs(self) -> Sequence[Item]:
        """The packs that this step writes."""
        items = [action["Put"]["Item"] for action in self.actions if "Put" in action]
        return [item for item in items if USAGE_PACK.matches(item)]

    @property
    def packs_of_calls_alone(self) -> Sequence[str]:
        """The sort keys of the packs of this step, if it counts rows without their records or records without rows."""
        if not any(entry.is_row_alone or entry.is_record_alone for entry in self.outcome.entries):
            return ()
        return [pack["sk"] for pack in self.packs]

    @property
    def bytes(self) -> int:
        return sum(
            len(value)
            for action in self.actions
            for value in action.get("Put", {}).get("Item", {}).values()
            if isinstance(value, bytes)
        )


@dataclass(frozen=True, slots=True)
class UsageWriter:
    """Works off rows and records of many subscriptions. Every step can be repeated; a repetition changes nothing.

    Those of a subscription whose stored usage cannot be read are set aside, and all others are worked off.
    """

    table: "Table"
    pause: Pause
    books: PriceBooks

    def run[T: (OwnedRow, OwnedRecord, RatedRecord)](
        self, calls: Iterable[T], decide: Decide[T], now: datetime
    ) -> list[Outcome]:
        """What was done, step by step.

        Raises RaceLostError when the step of a subscription has lost its race `ATTEMPTS_MAX` times, after all others
        were written; BrokenRuleError when something is to be billed before an epoch was opened.
        """
        outcomes: list[Outcome] = []
        works, lost = _works(calls), []
        while works:
            some, works = works[:ROUND_SUBSCRIPTIONS_MAX], works[ROUND_SUBSCRIPTIONS_MAX:]
            self.pause(PAUSE_SECONDS * max(work.attempts for work in some))
            transactions = self._transactions(some, decide)
            self._announce(transactions, now)
            for steps, epoch in transactions:
                is_done = self._write(steps, epoch)
                outcomes += [step.outcome for step in steps if is_done]
                left = [step.work.after(step, is_done=is_done) for step in steps]
                works += [work for work in left if work.calls and work.attempts < ATTEMPTS_MAX]
                lost += [work for work in left if work.attempts >= ATTEMPTS_MAX]
        if lost:
            raise RaceLostError(f"{len(lost)} subscriptions' usage lost its race in {ATTEMPTS_MAX} attempts")
        return outcomes

    def live(self, ids: Sequence[int]) -> dict[int, StoredUsage]:
        """Totals and waiting records of subscriptions, without entries; not of those that cannot be read."""
        return self._read(ids, shards=())[0]

    def mark(self, subscription_id: int, now: datetime) -> None:
        """Store that the subscription's records wait since `now`, so that a sweep finds them."""
        with translating("mark unconfirmed records"):
            self.table.put_item(Item=_waiting_since(now, subscription_id))

    def _announce[T: (OwnedRow, OwnedRecord, RatedRecord)](
        self, transactions: Iterable[tuple[Sequence[Step[T]], int | None]], now: datetime
    ) -> None:
        """Write what finds the steps of a round, before they are written.

        The markers of records that wait and of calls that one witness counts are for a sweep, which tells whose other
        one has not come. Packs are listed under their epoch: a closed epoch's list then has every pack of it.
        """
        with translating("name what is to be written"), self.table.batch_writer() as writer:
            for steps, epoch in transactions:
                for step in steps:
                    for item in _names_of(step, epoch, now):
                        writer.put_item(Item=item)

    def _transactions[T: (OwnedRow, OwnedRecord, RatedRecord)](
        self, works: Sequence[Work[T]], decide: Decide[T]
    ) -> list[tuple[list[Step[T]], int | None]]:
        """The next step of each work, in as few transactions as possible, each with the epoch of its shard."""
        stored, epochs = self._read(
            [work.subscription_id for work in works], shards=sorted({work.shard for work in works})
        )
        books = {epoch: self.books.in_force(epoch) for epoch in {epochs.get(work.shard) for work in works}}

        def step(work: Work[T]) -> Step[T]:
            epoch = epochs.get(work.shard)
            known = self._with_entries(stored.get(work.subscription_id), work.next_calls)
            return _step(work, known, epoch, lambda known, calls: decide(known, calls, books[epoch]))

        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            steps = pool.map(step, sorted(works, key=_by_shard))
            by_shard = groupby(steps, lambda step: step.work.shard)
            return [(group, epochs.get(shard)) for shard, same in by_shard for group in _grouped(same)]

    def _with_entries[T: (OwnedRow, OwnedRecord, RatedRecord)](
        self, stored: StoredUsage | None, calls: Sequence[T]
    ) -> StoredUsage | None:
        """With the entries near these calls; None where anything cannot be read."""
        if stored is None:
            return None
        first, last = calls[0].call.started_at - REACH, calls[-1].call.started_at + REACH
        try:
            return replace(stored, entries=self.entries(stored.subscription_id, first, last))
        except UNREADABLE:
            return None

    def _write[T: (OwnedRow, OwnedRecord, RatedRecord)](self, steps: Sequence[Step[T]], epoch: int | None) -> bool:
        """Write one transaction; return False when another invocation has changed some of its items meanwhile."""
        actions = [action for step in steps for action in step.actions]
        if any(step.outcome.billed for step in steps):
            if epoch is None:
                raise BrokenRuleError("no epoch is open, so no usage can be counted")
            actions.append(check_open(steps[0].work.shard, epoch))
        try:
            with translating(f"write the usage of {len(steps)} subscriptions"):
                self._send(actions)
        except RaceLostError:
            return False
        return True

    def _send(self, actions: Sequence[Action]) -> None:
        """A single put costs half of what it costs in a transaction."""
        if len(actions) == 1 and "Put" in actions[0]:
            self.table.put_item(**actions[0]["Put"])
        elif actions:
            self.table.meta.client.transact_write_items(
                TransactItems=[_in_table(action, self.table.name) for action in actions]
            )

    def _read(self, ids: Sequence[int], shards: Sequence[int]) -> tuple[dict[int, StoredUsage], dict[int, int]]:
        """The usage of subscriptions without their entries, where it can be read, and the open epoch of shards."""
        keys = [LIVE_TOTALS.key(subscription_id=one) for one in ids] + [EPOCH_SHARD.key(shard=one) for one in shards]
        usage = {one: StoredUsage(one) for one in ids}
        epochs = {}
        for item in read_items(self.table, keys, self.pause):
            if EPOCH_SHARD.matches(item):
                epochs[EPOCH_SHARD.number(item, "shard")] = int(item["epoch"])
            else:
                subscription_id = LIVE_TOTALS.number(item, "subscription_id")
                try:
                    usage[subscription_id] = self._with_spilled(subscription_id, item)
                except UNREADABLE:
                    del usage[subscription_id]
        return usage, epochs

    def _with_spilled(self, subscription_id: int, item: Item) -> StoredUsage:
        live = live_of(item, subscription_id)
        if not live.spilled:
            return StoredUsage(subscription_id, live)
        found = self._query(WAITING_RECORDS.all_of(subscription_id=subscription_id))
        return StoredUsage(subscription_id, live, {one["sk"]: records_of(one, subscription_id) for one in found})

    def entries(self, subscription_id: int, first: datetime, last: datetime) -> list[Entry]:
        """The entries of the packs that can hold start times from `first` to `last`."""
        partition, low, high = packs_between(subscription_id, first, last)
        packs = self._query(Key("pk").eq(partition) & Key("sk").between(low, high))
        return [entry for pack in packs for entry in entries_of(pack)]

    def entries_in(self, subscription_id: int, packs: Sequence[str]) -> list[Entry]:
        """The entries of packs by their sort keys."""
        partition = USAGE_PACK.partition(subscription_id=subscription_id)
        found = read_items(self.table, [{"pk": partition, "sk": pack} for pack in packs], self.pause)
        return [entry for pack in found for entry in entries_of(pack)]

    def _query(self, condition: ConditionBase) -> Iterator[Item]:
        for page in query_pages(self.table, condition, "read a subscription's usage"):
            yield from page


def _works[T: (OwnedRow, OwnedRecord, RatedRecord)](calls: Iterable[T]) -> list[Work[T]]:
    """The work of each subscription; those of a shard follow each other."""
    by_id = sorted(calls, key=lambda one: (one.subscription_id, one.call.started_at))
    works = [Work(one, tuple(same)) for one, same in groupby(by_id, lambda one: one.subscription_id)]
    return sorted(works, key=_by_shard)


def _step[T: (OwnedRow, OwnedRecord, RatedRecord)](
    work: Work[T], known: StoredUsage | None, epoch: int | None, decide: Callable[[Known, Sequence[T]], Outcome]
) -> Step[T]:
    """The next step of a subscription's work, of whose usage this is known; None where it cannot be read."""
    if known is None:
        aside = tuple(set_aside(one, Reason.USAGE_UNREADABLE) for one in work.calls)
        return Step(work, len(work.calls), Outcome(set_aside=aside))
    calls = _within_spilled(work.next_calls, known)
    outcome = decide(known.known, calls)
    if len(outcome.added) > usage_items.WAITING_IN_LIVE_MAX:
        calls = calls[: usage_items.WAITING_IN_LIVE_MAX]
        outcome = decide(known.known, calls)
    actions = known.actions(outcome, epoch) if outcome.changes_something else []
    begins_to_wait = bool(outcome.added) and not known.waiting
    return Step(work, len(calls), outcome, actions, known.live.version, begins_to_wait)


def _names_of[T: (OwnedRow, OwnedRecord, RatedRecord)](
    step: Step[T], epoch: int | None, now: datetime
) -> Iterator[Item]:
    """The items that find what a step writes."""
    if step.begins_to_wait:
        yield _waiting_since(now, step.work.subscription_id)
    if step.packs_of_calls_alone:
        key = COUNTED_ALONE.key(since=timestamp(now), subscription_id=step.work.subscription_id, version=step.version)
        yield key | {"packs": step.packs_of_calls_alone, EXPIRES_AT: _expiry(now)}
    if epoch is not None and step.outcome.billed:
        yield from map(name_of, step.packs)


def _waiting_since(now: datetime, subscription_id: int) -> Item:
    """The marker of a subscription's records that wait."""
    return UNCONFIRMED.key(since=timestamp(now), subscription_id=subscription_id) | {EXPIRES_AT: _expiry(now)}


def _expiry(now: datetime) -> int:
    return int((now + MARKER_LIFETIME).timestamp())


def _by_shard[T: (OwnedRow, OwnedRecord, RatedRecord)](work: Work[T]) -> tuple[int, int]:
    return work.shard, work.subscription_id


def _grouped[T: (OwnedRow, OwnedRecord, RatedRecord)](steps: Iterable[Step[T]]) -> Iterator[list[Step[T]]]:
    """Groups of steps that fit into one transaction with one check of the epoch; a step that lost a race is alone."""
    group: list[Step[T]] = []
    actions, size = 0, 0
    for step in steps:
        actions, size = actions + len(step.actions), size + step.bytes
        fits = actions < ACTIONS_MAX and size <= TRANSACTION_BYTES_MAX
        if group and (not fits or step.work.attempts or group[-1].work.attempts):
            yield group
            group, actions, size = [], len(step.actions), step.bytes
        group.append(step)
    if group:
        yield group


def _within_spilled[T: (OwnedRow, OwnedRecord, RatedRecord)](calls: Sequence[T], stored: StoredUsage) -> Sequence[T]:
    """The first calls whose records are in at most `SPILLED_CHANGED_MAX` spilled items."""
    places = {
        (record.call.key_hash, record.call.event_id): sort_key
        for sort_key, records in stored.spilled.items()
        for record in records
    }
    changed: set[str] = set()
    for number, one in enumerate(calls):
        name = one.call.call_id if isinstance(one, OwnedRow) else one.call.event_id
        place = places.get((one.call.key_hash, name or ""))
        changed |= {place} if place else set()
        if len(changed) > SPILLED_CHANGED_MAX:
            return calls[:number]
    return calls


def _in_table(action: Action, name: str) -> Any:
    return {kind: {"TableName": name, **what} for kind, what in action.items()}
