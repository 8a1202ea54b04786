"""`UsageHistory` over UsageTable: no item is kept for it, because the key of a pack has its time and its epoch."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.accounts.models import CursorPage
from flareflow.accounts.usage_history import StatedEvent
from flareflow.accounts.usage_queries import UsageState
from flareflow.adapters.dynamodb.epoch_usage import read_open_epoch
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.usage_items import entries_of, live_of, packs_between, records_of
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS, USAGE_PACK, WAITING_RECORDS
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import Window
from flareflow.metering.usage_events import RatedRecord, UsageEvent
from flareflow.settlement.subscription import Subscription
from flareflow.statements.ports import OpenEpoch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

PACKS_MAX: Final = 200
"""Packs that are read for one answer."""
PACKS_AT_ONCE: Final = 50
QUERIES_MAX: Final = 40
"""Each reads up to 1 MB."""
SPILLED_MAX: Final = 20
_PACK: Final = USAGE_PACK.prefix
_CURSOR: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20}){3}")


@dataclass(frozen=True, slots=True)
class DynamoUsageHistory:
    """Reads `PACKS_MAX` packs at most."""

    table: "Table"

    def events(
        self, subscription: Subscription, window: Window, cursor: str | None, limit: int
    ) -> CursorPage[StatedEvent]:
        """A cursor names the last pack that was read, by what its key consists of."""
        opened = read_open_epoch(self.table)
        found: list[StatedEvent] = []
        last = ""
        for number, item in enumerate(self._packs(subscription.subscription_id, window, cursor)):
            if len(found) >= limit or number == PACKS_MAX:
                return CursorPage(found, last.removeprefix(_PACK).replace("#", "."))
            last, epoch = str(item["sk"]), USAGE_PACK.number(item, "epoch")
            state = _state(epoch, opened, subscription)
            events = _events_within(item, subscription.subscription_id, window)
            found += [StatedEvent(event, epoch, state) for event in events]
        return CursorPage(found, None)

    def waiting(self, subscription_id: int) -> Sequence[RatedRecord]:
        with translating("read waiting records"):
            item = self.table.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
            live = live_of(item.get("Item", {}), subscription_id)
            if not live.spilled:
                return live.waiting
            spilled = self.table.query(
                KeyConditionExpression=WAITING_RECORDS.all_of(subscription_id=subscription_id),
                Limit=SPILLED_MAX,
                ConsistentRead=True,
            )["Items"]
        return [*live.waiting, *(record for one in spilled for record in records_of(one, subscription_id))]

    def _packs(self, subscription_id: int, window: Window, cursor: str | None) -> Iterator[Item]:
        """The packs that can hold calls of the window, newest first, after the cursor.

        A cursor may lie outside of the window: one that ends now has moved on since the part before. DynamoDB refuses
        such a key to start from.
        """
        partition, low, high = packs_between(subscription_id, window.start, window.end)
        after = _pack_of(cursor) if cursor else high
        if after < low:
            return
        start: dict[str, Any] = {"ExclusiveStartKey": {"pk": partition, "sk": after}} if after < high else {}
        for _ in range(QUERIES_MAX):
            with translating("read packs of usage"):
                answer = self.table.query(
                    KeyConditionExpression=Key("pk").eq(partition) & Key("sk").between(low, high),
                    ScanIndexForward=False,
                    Limit=PACKS_AT_ONCE,
                    ConsistentRead=True,
                    **start,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _state(epoch: int, opened: OpenEpoch | None, subscription: Subscription) -> UsageState:
    """How far the calls of an epoch are: a settled total contains those of all epochs before it."""
    if opened is None or epoch >= opened.epoch or epoch == opened.sealing:
        return UsageState.PENDING
    is_settled = subscription.settled_epoch is not None and epoch <= subscription.settled_epoch
    return UsageState.SETTLED if is_settled else UsageState.SEALED


def _events_within(item: Item, subscription_id: int, window: Window) -> list[UsageEvent]:
    """The billed calls of a pack that began in the window, newest first."""
    billed = [entry for entry in entries_of(item) if entry.is_billed]
    events = [one.event(subscription_id) for one in billed if window.start <= one.call.started_at <= window.end]
    return sorted(events, key=lambda event: event.started_at, reverse=True)


def _pack_of(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return _PACK + cursor.replace(".", "#")
