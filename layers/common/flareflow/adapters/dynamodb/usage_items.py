"""Usage events as items of UsageTable, and the transactions that move them from status to status.

    unknown ──► unconfirmed ──► dropped
       └─────────────┴─────────────┴──► counted

Each step is one transaction: it writes events, on condition that they still have the status that was read, together
with every total that changes. So a step that is repeated or lost a race changes nothing, and totals are always the
sums of the events.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.tables import (
    COUNTED,
    EPOCH_DELTA,
    EVENTS_OF_LEAF,
    EXPIRES_AT,
    LIVE_TOTALS,
    OPEN_EPOCH,
    QUARANTINED_CALL,
    UNCONFIRMED,
    UNCONFIRMED_EVENTS,
    USAGE_EVENT,
)
from flareflow.json_format import timestamp
from flareflow.metering.models import USAGE_FIELDS, EventStatus, FinishedCall, LiveTotals, Usage, UsageEvent

ACTIONS_MAX: Final = 100

_EVENT: Final = TypeAdapter(UsageEvent)


@dataclass(frozen=True, slots=True)
class Known:
    """What the table holds of a call; without arguments, of one that it does not hold."""

    status: EventStatus = EventStatus.UNKNOWN
    usage: Usage = field(default_factory=Usage)

    @property
    def in_totals(self) -> LiveTotals:
        """What the call adds to the live totals of its subscription."""
        match self.status:
            case EventStatus.COUNTED:
                return LiveTotals(counted=self.usage)
            case EventStatus.UNCONFIRMED:
                return LiveTotals(unconfirmed=self.usage)
            case _:
                return LiveTotals()


type KnownCalls = Mapping[str, Known]
"""By litellm_call_id; calls that the table does not have are left out."""


@dataclass(frozen=True, slots=True)
class Step:
    """The move of events to another status at `now`; `epoch` is set when they are counted, under that epoch."""

    to: EventStatus
    come_from: frozenset[EventStatus]
    now: datetime
    epoch: int | None = None

    def due(self, events: Iterable[UsageEvent], known: KnownCalls) -> list[UsageEvent]:
        """The events whose status allows this step."""
        return [event for event in events if _known(event, known).status in self.come_from]

    def actions(self, events: Sequence[UsageEvent], known: KnownCalls) -> list[Any]:
        """The actions of the transaction that moves `events`, one batch of `transactions`."""
        puts = [self._put(event, _known(event, known).status) for event in events]
        live, counted = self._changes(events, known)
        totals = [_add_live(subscription_id, change) for subscription_id, change in live.items()]
        if self.epoch is None:
            return [*puts, *totals]
        of_epoch = [_add_delta(self.epoch, subscription_id, usage) for subscription_id, usage in counted.items()]
        return [_check_open(self.epoch), *puts, *totals, *of_epoch]

    def _put(self, event: UsageEvent, was: EventStatus) -> Mapping[str, Any]:
        condition: dict[str, Any] = {"ConditionExpression": ABSENT}
        if was != EventStatus.UNKNOWN:
            condition = {
                "ConditionExpression": "#status = :was",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":was": was.value},
            }
        return {"Put": {"Item": self._item(event), **condition}}

    def _item(self, event: UsageEvent) -> Item:
        call = event.call
        item: Item = {
            **USAGE_EVENT.key(litellm_call_id=call.litellm_call_id),
            "status": self.to.value,
            "litellm_call_id": call.litellm_call_id,
            "subscription_id": event.subscription_id,
            "key_hash": call.key_hash,
            "model": call.model,
            **usage_attributes(event.usage),
            "started_at": timestamp(call.started_at),
            "ended_at": timestamp(call.ended_at),
            "recorded_at": timestamp(self.now),
        }
        if self.to == EventStatus.UNCONFIRMED:
            item |= UNCONFIRMED_EVENTS.key(recorded_at=timestamp(self.now))
        if self.epoch is not None:
            item |= {"epoch": self.epoch} | EVENTS_OF_LEAF.key(
                subscription_id=event.subscription_id, epoch=self.epoch, litellm_call_id=call.litellm_call_id
            )
        return item

    def _changes(
        self, events: Iterable[UsageEvent], known: KnownCalls
    ) -> tuple[dict[int, LiveTotals], dict[int, Usage]]:
        """By subscription: the change of its live totals, and the usage of its events."""
        live: dict[int, LiveTotals] = defaultdict(LiveTotals)
        used: dict[int, Usage] = defaultdict(Usage)
        for event in events:
            before, after = _known(event, known).in_totals, Known(self.to, event.usage).in_totals
            changed = live[event.subscription_id]
            live[event.subscription_id] = LiveTotals(
                counted=changed.counted + after.counted - before.counted,
                unconfirmed=changed.unconfirmed + after.unconfirmed - before.unconfirmed,
            )
            used[event.subscription_id] += event.usage
        return live, used


def transactions(events: Iterable[UsageEvent]) -> Iterator[list[UsageEvent]]:
    """Split events into batches, as few as possible, whose step fits into one transaction."""
    batch: list[UsageEvent] = []
    subscriptions: set[int] = set()
    for event in sorted(events, key=lambda event: event.subscription_id):
        subscriptions.add(event.subscription_id)
        # one condition on the epoch, one put for each call, two totals for each subscription
        if 1 + len(batch) + 1 + 2 * len(subscriptions) > ACTIONS_MAX:
            yield batch
            batch, subscriptions = [], {event.subscription_id}
        batch.append(event)
    if batch:
        yield batch


def usage_attributes(usage: Usage, prefix: str = "") -> dict[str, int]:
    return {prefix + name: getattr(usage, name) for name in USAGE_FIELDS}


def usage_of(item: Item, prefix: str = "") -> Usage:
    """The usage in an item's attributes; a missing attribute counts as 0."""
    return Usage(*(int(item.get(prefix + name, 0)) for name in USAGE_FIELDS))


def live_totals_of(item: Item) -> LiveTotals:
    return LiveTotals(counted=usage_of(item, COUNTED), unconfirmed=usage_of(item, UNCONFIRMED))


def event_of(item: Item) -> UsageEvent:
    return _EVENT.validate_python({**item, "call": item})


def known_call(item: Item) -> tuple[str, Known]:
    return item["litellm_call_id"], Known(EventStatus(item["status"]), usage_of(item))


def quarantined(call: FinishedCall, expires_at: int) -> Item:
    return {
        **QUARANTINED_CALL.key(litellm_call_id=call.litellm_call_id),
        "key_hash": call.key_hash,
        "model": call.model,
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cost_nanousd": call.cost_nanousd,
        "started_at": timestamp(call.started_at),
        "ended_at": timestamp(call.ended_at),
        EXPIRES_AT: expires_at,
    }


def _known(event: UsageEvent, known: KnownCalls) -> Known:
    return known.get(event.call.litellm_call_id, Known())


def _check_open(epoch: int) -> Mapping[str, Any]:
    check = {"ConditionExpression": "epoch = :epoch", "ExpressionAttributeValues": {":epoch": epoch}}
    return {"ConditionCheck": {"Key": OPEN_EPOCH.key(), **check}}


def _add_live(subscription_id: int, change: LiveTotals) -> Mapping[str, Any]:
    amounts = usage_attributes(change.counted, COUNTED) | usage_attributes(change.unconfirmed, UNCONFIRMED)
    return _add(LIVE_TOTALS.key(subscription_id=subscription_id), amounts)


def _add_delta(epoch: int, subscription_id: int, usage: Usage) -> Mapping[str, Any]:
    return _add(EPOCH_DELTA.key(epoch=epoch, subscription_id=subscription_id), usage_attributes(usage))


def _add(key: Mapping[str, str], amounts: Mapping[str, int]) -> Mapping[str, Any]:
    update = {
        "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in amounts),
        "ExpressionAttributeValues": {f":{name}": amount for name, amount in amounts.items()},
    }
    return {"Update": {"Key": key, **update}}
