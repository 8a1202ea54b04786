"""One subscription as its owner sees it: read-only, from LedgerTable and UsageTable."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr
from pydantic import TypeAdapter

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.batches import query_pages
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger_items import plan_of, read_subscription
from flareflow.adapters.dynamodb.ledger_kinds import JOURNAL_ENTRY, LEDGER_COMPLETE, OWNERSHIP, PLAN
from flareflow.adapters.dynamodb.paging import next_cursor, starting_after
from flareflow.adapters.dynamodb.usage_items import entries_of, live_totals_of, names_between, pack_key, shard_of
from flareflow.adapters.dynamodb.usage_kinds import LIVE_TOTALS
from flareflow.errors import InvalidRequestError
from flareflow.metering.models import LiveTotals
from flareflow.metering.usage_events import UsageEvent
from flareflow.settlement.entries import Entry
from flareflow.settlement.subscription import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SUBSCRIPTIONS_LISTED_MAX: Final = 20
ENTRIES_LISTED_MAX: Final = 50
EVENTS_LISTED_MAX: Final = 100
CHARGE_PAGES_MAX: Final = 20
"""Each has 1 MB, about two thousand entries."""

_PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")
_ENTRY: Final = TypeAdapter(Entry)


@dataclass(frozen=True, slots=True)
class LedgerReader:
    """`accounts.ports.Ledger`, `accounts.costs.Charges` and `realtime.ports.Owners` over LedgerTable."""

    table: "Table"

    def complete_at(self) -> datetime | None:
        with translating("read when the ledger was complete"):
            item = self.table.get_item(Key=LEDGER_COMPLETE.key(), ConsistentRead=True).get("Item")
        return datetime.fromisoformat(str(item["at"])) if item else None

    def low_balance_ufix64(self, plan_id: int, plan_version: int) -> int:
        with translating("read a plan"):
            key = PLAN.key(plan_id=plan_id, plan_version=plan_version)
            item = self.table.get_item(Key=key).get("Item")
        return plan_of(item).low_balance_ufix64 if item else 0

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
                **starting_after(OWNERSHIP, OWNERSHIP.partition(address=owner), cursor),
            )
        ids = [OWNERSHIP.number(item, "subscription_id") for item in found["Items"]]
        return CursorPage(ids, next_cursor(OWNERSHIP, found))

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        partition = JOURNAL_ENTRY.partition(subscription_id=subscription_id)
        with translating("read the journal"):
            found = self.table.query(
                KeyConditionExpression=JOURNAL_ENTRY.all_of(subscription_id=subscription_id),
                ScanIndexForward=False,
                Limit=ENTRIES_LISTED_MAX,
                **starting_after(JOURNAL_ENTRY, partition, cursor),
            )
        entries = [_ENTRY.validate_python(item) for item in found["Items"]]
        return CursorPage(entries, next_cursor(JOURNAL_ENTRY, found))

    def charges(self, subscription_id: int, from_epoch: int) -> Sequence[Entry]:
        found: list[Entry] = []
        start: dict[str, Any] = {}
        for _ in range(CHARGE_PAGES_MAX):
            with translating("read charges"):
                page = self.table.query(
                    KeyConditionExpression=JOURNAL_ENTRY.all_of(subscription_id=subscription_id),
                    FilterExpression=Attr("settled_microtokens").gt(0),
                    ScanIndexForward=False,
                    **start,
                )
            entries = [_ENTRY.validate_python(item) for item in page["Items"]]
            found += [entry for entry in entries if (entry.epoch or 0) >= from_epoch]
            if len(found) < len(entries) or "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return found


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
        events = self._events(packs[pack], subscription_id)
        if first + EVENTS_LISTED_MAX < len(events):
            next_cursor: str | None = f"{pack}.{first + EVENTS_LISTED_MAX}"
        else:
            next_cursor = f"{pack + 1}.0" if pack + 1 < len(packs) else None
        return CursorPage(events[first : first + EVENTS_LISTED_MAX], next_cursor)

    def _packs(self, subscription_id: int, epoch: int) -> list[Item]:
        """The keys of the packs of an epoch, in the order in which they were counted."""
        names = names_between(epoch, shard_of(subscription_id), subscription_id, subscription_id)
        pages = query_pages(self.table, names, "list the packs of an epoch")
        return [pack_key(name) for page in pages for name in page]

    def _events(self, key: Item, subscription_id: int) -> list[UsageEvent]:
        """The events of a pack; none where it does not exist, because its name is that of a lost race."""
        with translating("read usage events"):
            item = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        entries = entries_of(item) if item else ()
        return [entry.event(subscription_id) for entry in entries if entry.is_billed]


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    if not _PLACE.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    pack, _, first = cursor.partition(".")
    return int(pack), int(first)
