"""UsageTable as metering writes it; the transactions are made in `usage_items`."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.epoch_usage import read_open_epoch
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT
from flareflow.adapters.dynamodb.tables import OPEN_EPOCH, UNCONFIRMED_EVENTS, USAGE_EVENT, WATERMARK
from flareflow.adapters.dynamodb.usage_items import (
    KnownCalls,
    Step,
    event_of,
    known_call,
    quarantined,
    transactions,
)
from flareflow.errors import BrokenRuleError, RaceLostError
from flareflow.json_format import timestamp
from flareflow.metering.models import EventStatus, FinishedCall, UsageEvent
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ATTEMPTS_MAX: Final = 6
PAUSE_SECONDS: Final = 0.02
QUARANTINE_TIME: Final = timedelta(days=90)

FOUND_BY_POLL: Final = frozenset({EventStatus.UNKNOWN, EventStatus.UNCONFIRMED, EventStatus.DROPPED})


@dataclass(frozen=True, slots=True)
class DynamoUsageEvents:
    """`UsageEvents` over UsageTable."""

    table: "Table"
    pause: Pause

    def open_epoch_if_none(self, epoch: int) -> None:
        with suppress(ConditionFailedError), translating("open the first epoch"):
            self.table.put_item(Item={**OPEN_EPOCH.key(), "epoch": epoch}, ConditionExpression=ABSENT)

    def count(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(EventStatus.COUNTED, FOUND_BY_POLL, now, self._open_epoch()))

    def add_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(EventStatus.UNCONFIRMED, frozenset({EventStatus.UNKNOWN}), now))

    def drop_unconfirmed(self, events: Sequence[UsageEvent], now: datetime) -> int:
        return self._take(events, lambda: Step(EventStatus.DROPPED, frozenset({EventStatus.UNCONFIRMED}), now))

    def unconfirmed(self, added_before: datetime, limit: int) -> Sequence[UsageEvent]:
        before = Key(UNCONFIRMED_EVENTS.sk_name).lt(timestamp(added_before))
        with translating("list unconfirmed events"):
            found = self.table.query(
                IndexName=UNCONFIRMED_EVENTS.name,
                KeyConditionExpression=UNCONFIRMED_EVENTS.all_of() & before,
                Limit=limit,
            )
        return [event_of(item) for item in found["Items"]]

    def quarantine(self, calls: Sequence[FinishedCall], now: datetime) -> None:
        expires_at = int((now + QUARANTINE_TIME).timestamp())
        with translating("store calls of unknown keys"), self.table.batch_writer(["pk", "sk"]) as writer:
            for call in calls:
                writer.put_item(Item=quarantined(call, expires_at))

    def read_to(self) -> datetime | None:
        with translating("read how far the spend log was read"):
            item = self.table.get_item(Key=WATERMARK.key(), ConsistentRead=True).get("Item")
        return datetime.fromisoformat(str(item["read_to"])) if item else None

    def advance_read_to(self, moment: datetime) -> None:
        with suppress(ConditionFailedError), translating("store how far the spend log was read"):
            self.table.put_item(
                Item={**WATERMARK.key(), "read_to": timestamp(moment)},
                ConditionExpression=f"{ABSENT} OR read_to < :moment",
                ExpressionAttributeValues={":moment": timestamp(moment)},
            )

    def _open_epoch(self) -> int:
        opened = read_open_epoch(self.table)
        if opened is None:
            raise BrokenRuleError("no epoch is open, so no usage can be counted")
        return opened.epoch

    def _take(self, events: Iterable[UsageEvent], next_step: Callable[[], Step]) -> int:
        """Move events to the next status; return how many moved.

        Events whose transaction lost a race (another invocation moved them, or the epoch was closed) are read again
        and retried. Raises RaceLostError when some are left after `ATTEMPTS_MAX` attempts.
        """
        left = list({event.call.litellm_call_id: event for event in events}.values())
        taken = 0
        for attempt in range(ATTEMPTS_MAX):
            if not left:
                return taken
            if attempt:
                self.pause(PAUSE_SECONDS * attempt)
            known = self._known_calls(left)
            step = next_step()
            due = step.due(left, known)
            left = [event for batch in transactions(due) if not self._write(step, batch, known) for event in batch]
            taken += len(due) - len(left)
        if left:
            raise RaceLostError(f"{len(left)} usage events lost their race in {ATTEMPTS_MAX} attempts")
        return taken

    def _known_calls(self, events: Iterable[UsageEvent]) -> KnownCalls:
        keys = [USAGE_EVENT.key(litellm_call_id=event.call.litellm_call_id) for event in events]
        return dict(known_call(item) for item in read_items(self.table, keys, self.pause))

    def _write(self, step: Step, batch: Sequence[UsageEvent], known: KnownCalls) -> bool:
        """Write one transaction; return False when another invocation changed some of its items meanwhile."""
        try:
            with translating(f"write {len(batch)} usage events"):
                self.table.meta.client.transact_write_items(
                    TransactItems=[_in_table(action, self.table.name) for action in step.actions(batch, known)]
                )
        except RaceLostError:
            return False
        return True


def _in_table(action: dict[str, Any], name: str) -> Any:
    return {kind: {"TableName": name, **what} for kind, what in action.items()}
