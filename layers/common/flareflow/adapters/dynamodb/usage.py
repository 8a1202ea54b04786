"""UsageTable as metering writes it: usage events and their totals (keys: see `tables`).

An event goes through a short life: unknown -> pushed -> counted, or pushed -> dropped -> counted. Each step is one
transaction that writes the event, on condition that it still is what was read, together with every total that
changes. Counting also checks that the epoch it adds to is still the open one. So a repeated or overtaken step does
nothing, and totals always are the sum of the events.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key
from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.batches import Item, read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.open_epoch import OPEN_EPOCH, open_epoch_check, read_open_epoch
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.errors import BrokenRuleError, RaceLostError, StorageUnavailableError
from flareflow.metering.models import USAGE_FIELDS, FinishedCall, LiveTotals, Usage, UsageEvent
from flareflow.plain import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ACTIONS_MAX: Final = 100
ATTEMPTS_MAX: Final = 6
PAUSE_SECONDS: Final = 0.02
QUARANTINE_TIME: Final = timedelta(days=90)
WATERMARK: Final = {"pk": "METERING", "sk": "WATERMARK"}
UNCONFIRMED: Final = "UNCONFIRMED"

_EVENT: Final = TypeAdapter(UsageEvent)


class Status(StrEnum):
    """How far an event has come; None stands for one that is not in the table."""

    PUSHED = "pushed"
    COUNTED = "counted"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Known:
    """What the table says of a call."""

    status: Status | None = None
    usage: Usage = Usage()

    @property
    def in_totals(self) -> LiveTotals:
        """What it contributes to the live totals."""
        match self.status:
            case Status.COUNTED:
                return LiveTotals(counted=self.usage)
            case Status.PUSHED:
                return LiveTotals(unconfirmed=self.usage)
        return LiveTotals()


@dataclass(frozen=True, slots=True)
class Step:
    """A step of events' lives: to which status, from which ones, when; `epoch` only where it counts."""

    to: Status
    come_from: frozenset[Status | None]
    now: datetime
    epoch: int | None = None


type KnownCalls = Mapping[str, Known]

UNKNOWN: Final = Known()


@dataclass(frozen=True, slots=True)
class DynamoUsageEvents:
    """`UsageEvents` over UsageTable."""

    table: "Table"

    def open_epoch_if_none(self, epoch: int) -> None:
        try:
            with translating("open the first epoch"):
                self.table.put_item(Item={**OPEN_EPOCH, "epoch": epoch}, ConditionExpression="attribute_not_exists(pk)")
        except RaceLostError:
            return

    def count(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: self._counting(now))

    def note(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(Status.PUSHED, frozenset({None}), now))

    def drop(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(Status.DROPPED, frozenset({Status.PUSHED}), now))

    def unconfirmed(self, noted_before: datetime, limit: int) -> Sequence[UsageEvent]:
        with translating("list unconfirmed events"):
            found = self.table.query(
                IndexName="by_status",
                KeyConditionExpression=Key("gsi1pk").eq(UNCONFIRMED) & Key("gsi1sk").lt(timestamp(noted_before)),
                Limit=limit,
            )
        return [event_of(item) for item in found["Items"]]

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        expires_at = int((now + QUARANTINE_TIME).timestamp())
        with translating("keep calls of unknown keys"), self.table.batch_writer(["pk", "sk"]) as writer:
            for call in calls:
                writer.put_item(Item={**_quarantined(call), "expires_at": expires_at})

    def read_to(self) -> datetime | None:
        with translating("read how far the spend log was read"):
            item = self.table.get_item(Key=WATERMARK, ConsistentRead=True).get("Item")
        return datetime.fromisoformat(str(item["read_to"])) if item else None

    def advance_read_to(self, moment: datetime) -> None:
        try:
            with translating("note how far the spend log was read"):
                self.table.put_item(
                    Item={**WATERMARK, "read_to": timestamp(moment)},
                    ConditionExpression="attribute_not_exists(pk) OR read_to < :moment",
                    ExpressionAttributeValues={":moment": timestamp(moment)},
                )
        except RaceLostError:
            return

    def _counting(self, now: datetime) -> Step:
        opened = read_open_epoch(self.table)
        if opened is None:
            raise BrokenRuleError("usage cannot be counted before the first epoch was opened")
        return Step(Status.COUNTED, frozenset({None, Status.PUSHED, Status.DROPPED}), now, opened.epoch)

    def _take(self, events: Iterable[UsageEvent], next_step: "Callable[[], Step]") -> int:
        """Take the step with every event that has it before it; how many had. What another invocation overtook,
        or the end of an epoch, is looked at again."""
        taken = 0
        left = list({event.litellm_call_id: event for event in events}.values())
        for attempt in range(ATTEMPTS_MAX):
            if not left:
                return taken
            due = self._due(left, step := next_step())
            left = [event for batch in batches(due.events) if not self._write(batch, due.known, step) for event in batch]
        raise StorageUnavailableError
