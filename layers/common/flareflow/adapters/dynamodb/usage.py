"""UsageTable as metering writes it (keys: see `tables`, transactions: see `usage_items`)."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.epoch_usage import read_open_epoch
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.usage_items import (
    OPEN_EPOCH,
    UNCONFIRMED_PARTITION,
    EventStatus,
    KnownCalls,
    Step,
    call_key,
    event_of,
    known_call,
    quarantined,
    transactions,
)
from flareflow.errors import BrokenRuleError, RaceLostError, StorageUnavailableError
from flareflow.json_format import timestamp
from flareflow.metering.models import FinishedCall, UsageEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ATTEMPTS_MAX: Final = 6
PAUSE_SECONDS: Final = 0.02
QUARANTINE_TIME: Final = timedelta(days=90)
WATERMARK: Final = {"pk": "METERING", "sk": "WATERMARK"}

FOUND_BY_POLL: Final = frozenset({EventStatus.UNKNOWN, EventStatus.UNCONFIRMED, EventStatus.DROPPED})


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
        return self._take(events, lambda: Step(EventStatus.COUNTED, FOUND_BY_POLL, now, self._open_epoch()))

    def add_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(EventStatus.UNCONFIRMED, frozenset({EventStatus.UNKNOWN}), now))

    def drop_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(EventStatus.DROPPED, frozenset({EventStatus.UNCONFIRMED}), now))

    def unconfirmed(self, added_before: datetime, limit: int) -> Sequence[UsageEvent]:
        with translating("list unconfirmed events"):
            found = self.table.query(
                IndexName="by_status",
                KeyConditionExpression=Key("gsi1pk").eq(UNCONFIRMED_PARTITION)
                & Key("gsi1sk").lt(timestamp(added_before)),
                Limit=limit,
            )
        return [event_of(item) for item in found["Items"]]

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        expires_at = int((now + QUARANTINE_TIME).timestamp())
        with translating("keep calls of unknown keys"), self.table.batch_writer(["pk", "sk"]) as writer:
            for call in calls:
                writer.put_item(Item=quarantined(call, expires_at))

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

    def _open_epoch(self) -> int:
        opened = read_open_epoch(self.table)
        if opened is None:
            raise BrokenRuleError("usage is counted only once the first epoch was opened")
        return opened.epoch

    def _take(self, events: Iterable[UsageEvent], next_step: Callable[[], Step]) -> int:
        """Let events take a step; how many did.

        Where another invocation was first, or the epoch has just been closed, it looks again and repeats the rest.
        """
        left = list({event.call.litellm_call_id: event for event in events}.values())
        taken = 0
        for attempt in range(ATTEMPTS_MAX):
            if not left:
                return taken
            time.sleep(PAUSE_SECONDS * attempt)
            known = self._known_calls(left)
            step = next_step()
            due = step.due(left, known)
            left = [event for batch in transactions(due) if not self._write(step, batch, known) for event in batch]
            taken += len(due) - len(left)
        if left:
            raise StorageUnavailableError(f"{len(left)} events were still contended after {ATTEMPTS_MAX} attempts")
        return taken

    def _known_calls(self, events: Iterable[UsageEvent]) -> KnownCalls:
        keys = [call_key(event.call.litellm_call_id) for event in events]
        return dict(known_call(item) for item in read_items(self.table, keys, "EVENT"))

    def _write(self, step: Step, batch: Sequence[UsageEvent], known: KnownCalls) -> bool:
        """Whether the batch took the step; False when something of it has changed since it was read."""
        try:
            with translating(f"write {len(batch)} usage events"):
                self.table.meta.client.transact_write_items(
                    TransactItems=[_in_table(action, self.table.name) for action in step.actions(batch, known)]
                )
        except (RaceLostError, StorageUnavailableError):
            return False
        return True


def _in_table(action: dict[str, Any], name: str) -> Any:
    return {kind: {"TableName": name, **what} for kind, what in action.items()}
