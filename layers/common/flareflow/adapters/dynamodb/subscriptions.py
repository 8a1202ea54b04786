"""One subscription as its owner sees it: read-only, from LedgerTable and UsageTable."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.ledger import read_subscription
from flareflow.adapters.dynamodb.tables import (
    EVENTS_OF_LEAF,
    JOURNAL_ENTRY,
    LIVE_TOTALS,
    OWNERSHIP,
    USAGE_EVENT,
    ItemKind,
)
from flareflow.adapters.dynamodb.usage_items import event_of, live_totals_of
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import LiveTotals, UsageEvent
from flareflow.settlement.journal import Entry, Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SUBSCRIPTIONS_LISTED_MAX: Final = 20
ENTRIES_LISTED_MAX: Final = 50
EVENTS_LISTED_MAX: Final = 100

_CURSOR: Final = re.compile(r"[A-Za-z0-9#_.:-]{1,200}")
_ENTRY: Final = TypeAdapter(Entry)


@dataclass(frozen=True, slots=True)
class LedgerReader:
    """`accounts.ports.Ledger` and `realtime.ports.Owners` over LedgerTable."""

    table: "Table"

    def subscription(self, subscription_id: int) -> Subscription | None:
        return read_subscription(self.table, subscription_id)

    def owner(self, subscription_id: int) -> str | None:
        subscription = self.subscription(subscription_id)
        return subscription.owner if subscription else None

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        with translating("list subscriptions"):
            found = self.table.query(
                KeyConditionExpression=OWNERSHIP.all_of(address=owner),
                Limit=SUBSCRIPTIONS_LISTED_MAX,
                **_starting_after(OWNERSHIP, OWNERSHIP.partition(address=owner), cursor),
            )
        ids = [OWNERSHIP.number(item, "subscription_id") for item in found["Items"]]
        return CursorPage(ids, _next_cursor(OWNERSHIP, found))

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        partition = JOURNAL_ENTRY.partition(subscription_id=subscription_id)
        with translating("read the journal"):
            found = self.table.query(
                KeyConditionExpression=JOURNAL_ENTRY.all_of(subscription_id=subscription_id),
                ScanIndexForward=False,
                Limit=ENTRIES_LISTED_MAX,
                **_starting_after(JOURNAL_ENTRY, partition, cursor),
            )
        entries = [_ENTRY.validate_python(item) for item in found["Items"]]
        return CursorPage(entries, _next_cursor(JOURNAL_ENTRY, found))


@dataclass(frozen=True, slots=True)
class UsageReader:
    """`accounts.ports.MeteredUsage` and `realtime.ports.LiveUsage` over UsageTable."""

    table: "Table"

    def live(self, subscription_id: int) -> LiveTotals:
        with translating("read live totals"):
            found = self.table.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        return live_totals_of(found.get("Item", {}))

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        with translating("read usage events"):
            found = self.table.query(
                IndexName=EVENTS_OF_LEAF.name,
                KeyConditionExpression=EVENTS_OF_LEAF.all_of(subscription_id=subscription_id, epoch=epoch),
                Limit=EVENTS_LISTED_MAX,
                **_starting_after_event(subscription_id, epoch, cursor),
            )
        last = found.get("LastEvaluatedKey")
        next_cursor = EVENTS_OF_LEAF.part(last, "litellm_call_id") if last else None
        return CursorPage([event_of(item) for item in found["Items"]], next_cursor)


def _starting_after(kind: ItemKind, partition: str, cursor: str | None) -> Any:
    """Query arguments: a cursor is the last sort key without its prefix, so it cannot point into another list."""
    if cursor is None:
        return {}
    return {"ExclusiveStartKey": {"pk": partition, "sk": kind.prefix + _checked(cursor)}}


def _starting_after_event(subscription_id: int, epoch: int, cursor: str | None) -> Any:
    """Query arguments: here a cursor is the last call's id."""
    if cursor is None:
        return {}
    call_id = _checked(cursor)
    in_index = EVENTS_OF_LEAF.key(subscription_id=subscription_id, epoch=epoch, litellm_call_id=call_id)
    return {"ExclusiveStartKey": in_index | USAGE_EVENT.key(litellm_call_id=call_id)}


def _checked(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return cursor


def _next_cursor(kind: ItemKind, found: Any) -> str | None:
    last = found.get("LastEvaluatedKey")
    return str(last["sk"]).removeprefix(kind.prefix) if last else None
