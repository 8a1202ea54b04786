"""Usage events as items of UsageTable, and the transactions that take them through their life (keys: see `tables`).

    unknown ──► unconfirmed ──► dropped
       └─────────────┴─────────────┴──► counted

Each step is one transaction: it writes the events, on condition that they still are where they were read, together
with every total that changes. So a step that is repeated or overtaken does nothing, and totals are always the sum
of the events.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.batches import Item
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.json_format import timestamp
from flareflow.metering.models import USAGE_FIELDS, FinishedCall, LiveTotals, Usage, UsageEvent

ACTIONS_MAX: Final = 100
UNCONFIRMED_PARTITION: Final = "UNCONFIRMED"
OPEN_EPOCH: Final = {"pk": "METERING", "sk": "OPEN_EPOCH"}

_EVENT: Final = TypeAdapter(UsageEvent)


class EventStatus(StrEnum):
    """Where in its life an event is."""

    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    COUNTED = "counted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Known:
    """What the table says of a call."""

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
    """A step that events take at `now`; `epoch` is the one that they are counted under."""

    to: EventStatus
    come_from: frozenset[EventStatus]
    now: datetime
    epoch: int | None = None

    def due(self, events: Iterable[UsageEvent], known: KnownCalls) -> list[UsageEvent]:
        """Those of `events` that have the step before them."""
        return [event for event in events if _known(event, known).status in self.come_from]

    def actions(self, events: Sequence[UsageEvent], known: KnownCalls) -> list[Any]:
        """The transaction in which `events`, a batch of `transactions`, take the step."""
        puts = [self._put(event, _known(event, known).status) for event in events]
        live, counted = self._changes(events, known)
        totals = [_add_live(subscription_id, change) for subscription_id, change in live.items()]
        if self.epoch is None:
            return [*puts, *totals]
        of_epoch = [_add_delta(self.epoch, subscription_id, usage) for subscription_id, usage in counted.items()]
        return [_check_open(self.epoch), *puts, *totals, *of_epoch]

    def _put(self, event: UsageEvent, was: EventStatus) -> Mapping[str, Any]:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if was != EventStatus.UNKNOWN:
            condition = {
                "ConditionExpression": "#status = :was",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {":was": was.value},
            }
        return {"Put": {"Item": self._item(event), **condition}}

    def _item(self, event: UsageEvent) -> Item:
        item = {
            "pk": call_key(event.call.litellm_call_id),
            "sk": "EVENT",
            "status": self.to.value,
            "litellm_call_id": event.call.litellm_call_id,
            "subscription_id": event.subscription_id,
            "key_hash": event.call.key_hash,
            "model": event.call.model,
            **usage_attributes(event.usage),
            "started_at": timestamp(event.call.started_at),
            "ended_at": timestamp(event.call.ended_at),
            "recorded_at": timestamp(self.now),
        }
        if self.to == EventStatus.UNCONFIRMED:
            item |= {"gsi1pk": UNCONFIRMED_PARTITION, "gsi1sk": timestamp(self.now)}
        if self.epoch is not None:
            leaf = f"SUB#{event.subscription_id}#EPOCH#{number_key(self.epoch)}"
            item |= {"epoch": self.epoch, "gsi2pk": leaf, "gsi2sk": call_key(event.call.litellm_call_id)}
        return item

    def _changes(
        self, events: Iterable[UsageEvent], known: KnownCalls
    ) -> tuple[dict[int, LiveTotals], dict[int, Usage]]:
        """By subscription: the change of its live totals, and what it used."""
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
    """Events in as few batches as there must be for a step of each to fit into one transaction."""
    batch: list[UsageEvent] = []
    subscriptions: set[int] = set()
    for event in sorted(events, key=lambda event: event.subscription_id):
        subscriptions.add(event.subscription_id)
        # one condition on the epoch, one put a call, two totals a subscription
        if 1 + len(batch) + 1 + 2 * len(subscriptions) > ACTIONS_MAX:
            yield batch
            batch, subscriptions = [], {event.subscription_id}
        batch.append(event)
    if batch:
        yield batch


def call_key(litellm_call_id: str) -> str:
    return f"CALL#{litellm_call_id}"


def usage_attributes(usage: Usage, prefix: str = "") -> dict[str, int]:
    return {prefix + name: getattr(usage, name) for name in USAGE_FIELDS}


def usage_of(item: Item, prefix: str = "") -> Usage:
    """The usage in an item's attributes; one that is missing is 0."""
    return Usage(*(int(item.get(prefix + name, 0)) for name in USAGE_FIELDS))


def event_of(item: Item) -> UsageEvent:
    return _EVENT.validate_python({**item, "call": item})


def known_call(item: Item) -> tuple[str, Known]:
    return item["litellm_call_id"], Known(EventStatus(item["status"]), usage_of(item))


def quarantined(call: FinishedCall, expires_at: int) -> Item:
    return {
        "pk": "QUARANTINE",
        "sk": call_key(call.litellm_call_id),
        "key_hash": call.key_hash,
        "model": call.model,
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "cost_nanousd": call.cost_nanousd,
        "started_at": timestamp(call.started_at),
        "ended_at": timestamp(call.ended_at),
        "expires_at": expires_at,
    }


def _known(event: UsageEvent, known: KnownCalls) -> Known:
    return known.get(event.call.litellm_call_id, Known())


def _check_open(epoch: int) -> Mapping[str, Any]:
    check = {"ConditionExpression": "epoch = :epoch", "ExpressionAttributeValues": {":epoch": epoch}}
    return {"ConditionCheck": {"Key": OPEN_EPOCH, **check}}


def _add_live(subscription_id: int, change: LiveTotals) -> Mapping[str, Any]:
    amounts = usage_attributes(change.counted, "counted_") | usage_attributes(change.unconfirmed, "unconfirmed_")
    return _add(f"SUB#{subscription_id}", "LIVE", amounts)


def _add_delta(epoch: int, subscription_id: int, usage: Usage) -> Mapping[str, Any]:
    return _add(f"EPOCH#{number_key(epoch)}", f"SUB#{subscription_id}", usage_attributes(usage))


def _add(partition_key: str, sort_key: str, amounts: Mapping[str, int]) -> Mapping[str, Any]:
    update = {
        "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in amounts),
        "ExpressionAttributeValues": {f":{name}": amount for name, amount in amounts.items()},
    }
    return {"Update": {"Key": {"pk": partition_key, "sk": sort_key}, **update}}
