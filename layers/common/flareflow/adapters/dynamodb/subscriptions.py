"""One subscription as its owner sees it: read-only, from LedgerTable and UsageTable."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.adapters.dynamodb.ledger import read_subscription
from flareflow.adapters.dynamodb.tables import EPOCH_DELTA, JOURNAL_ENTRY, LIVE_TOTALS, OWNERSHIP, USAGE_PACK
from flareflow.adapters.dynamodb.usage_items import entries_of, live_totals_of, packs_of, shard_of
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import LiveTotals
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.entries import Entry
from flareflow.settlement.journal import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SUBSCRIPTIONS_LISTED_MAX: Final = 20
ENTRIES_LISTED_MAX: Final = 50
EVENTS_LISTED_MAX: Final = 100

_PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")
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
    """`accounts.ports.MeteredUsage` over UsageTable."""

    table: "Table"

    def live(self, subscription_id: int) -> LiveTotals:
        with translating("read live totals"):
            found = self.table.get_item(Key=LIVE_TOTALS.key(subscription_id=subscription_id), ConsistentRead=True)
        return live_totals_of(found.get("Item", {}))

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        """A page has events of one pack; a cursor is the number of the pack and of the event in it, `2.100`."""
        pack, first = _place(cursor)
        packs = self._packs(subscription_id, epoch)
        if pack >= len(packs):
            return CursorPage([], None)
        events = self._events(subscription_id, packs[pack])
        if first + EVENTS_LISTED_MAX < len(events):
            next_cursor: str | None = f"{pack}.{first + EVENTS_LISTED_MAX}"
        else:
            next_cursor = f"{pack + 1}.0" if pack + 1 < len(packs) else None
        return CursorPage(events[first : first + EVENTS_LISTED_MAX], next_cursor)

    def _packs(self, subscription_id: int, epoch: int) -> list[str]:
        """The sort keys of the packs of an epoch, in the order in which they were counted."""
        key = EPOCH_DELTA.key(epoch=epoch, shard=shard_of(subscription_id), subscription_id=subscription_id)
        with translating("read what an epoch added"):
            found = self.table.get_item(Key=key, ConsistentRead=True)
        return packs_of(found.get("Item", {}))

    def _events(self, subscription_id: int, pack: str) -> list[UsageEvent]:
        key = {"pk": USAGE_PACK.partition(subscription_id=subscription_id), "sk": pack}
        with translating("read usage events"):
            item = self.table.get_item(Key=key, ConsistentRead=True)["Item"]
        return [entry.event(subscription_id) for entry in entries_of(item) if entry.is_billed]


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    if not _PLACE.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    pack, _, first = cursor.partition(".")
    return int(pack), int(first)


def _starting_after(kind: ItemKind, partition: str, cursor: str | None) -> Any:
    """Query arguments: a cursor is the last sort key without its prefix, so it cannot point into another list."""
    if cursor is None:
        return {}
    return {"ExclusiveStartKey": {"pk": partition, "sk": kind.prefix + _checked(cursor)}}


def _checked(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return cursor


def _next_cursor(kind: ItemKind, found: Any) -> str | None:
    last = found.get("LastEvaluatedKey")
    return str(last["sk"]).removeprefix(kind.prefix) if last else None
