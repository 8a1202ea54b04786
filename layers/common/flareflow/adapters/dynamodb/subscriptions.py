"""One subscription as its owner sees it: read-only, from LedgerTable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_items import plan_of, read_subscription
from flareflow.adapters.dynamodb.ledger_kinds import JOURNAL_ENTRY, LEDGER_COMPLETE, OWNERSHIP, PLAN
from flareflow.adapters.dynamodb.paging import next_cursor, starting_after
from flareflow.settlement.entries import Entry
from flareflow.settlement.subscription import Subscription

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SUBSCRIPTIONS_LISTED_MAX: Final = 20
ENTRIES_LISTED_MAX: Final = 50
CHARGE_PAGES_MAX: Final = 20
"""Each has 1 MB, about two thousand entries."""

_ENTRY: Final = LateAdapter(Entry)


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
