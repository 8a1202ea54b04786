"""One subscription as its owner sees it: read-only, from the ledger and the usage (keys: see `tables`)."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key
from pydantic import TypeAdapter

from flareflow.accounts.models import CursorPage
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.ledger import DynamoLedger
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.adapters.dynamodb.usage_items import event_of, usage_of
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
        return DynamoLedger(self.table).subscription(subscription_id)

    def owner(self, subscription_id: int) -> str | None:
        subscription = self.subscription(subscription_id)
        return subscription.owner if subscription else None

    def owned_by(self, owner: str, cursor: str | None) -> CursorPage[int]:
        with translating("list subscriptions"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(f"OWNER#{owner}") & Key("sk").begins_with("SUB#"),
                Limit=SUBSCRIPTIONS_LISTED_MAX,
                **_starting_after(f"OWNER#{owner}", "SUB#", cursor),
            )
        ids = [int(str(item["sk"]).removeprefix("SUB#")) for item in found["Items"]]
        return CursorPage(ids, _next(found, "SUB#"))

    def journal(self, subscription_id: int, cursor: str | None) -> CursorPage[Entry]:
        partition = f"SUB#{subscription_id}"
        with translating("read the journal"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(partition) & Key("sk").begins_with("ENTRY#"),
                ScanIndexForward=False,
                Limit=ENTRIES_LISTED_MAX,
                **_starting_after(partition, "ENTRY#", cursor),
            )
        return CursorPage([_ENTRY.validate_python(item) for item in found["Items"]], _next(found, "ENTRY#"))


@dataclass(frozen=True, slots=True)
class UsageReader:
    """`accounts.ports.MeteredUsage` and `realtime.ports.LiveUsage` over UsageTable."""

    table: "Table"

    def live(self, subscription_id: int) -> LiveTotals:
        with translating("read live totals"):
            key = {"pk": f"SUB#{subscription_id}", "sk": "LIVE"}
            found = self.table.get_item(Key=key, ConsistentRead=True)
        item = found.get("Item", {})
        return LiveTotals(usage_of(item, "counted_"), usage_of(item, "unconfirmed_"))

    def events(self, subscription_id: int, epoch: int, cursor: str | None) -> CursorPage[UsageEvent]:
        partition = f"SUB#{subscription_id}#EPOCH#{number_key(epoch)}"
        with translating("read usage events"):
            found = self.table.query(
                IndexName="by_subscription",
                KeyConditionExpression=Key("gsi2pk").eq(partition),
                Limit=EVENTS_LISTED_MAX,
                **_indexed_after(partition, cursor),
            )
        return CursorPage([event_of(item) for item in found["Items"]], _next(found, "CALL#", "gsi2sk"))


def _starting_after(partition: str, prefix: str, cursor: str | None) -> Any:
    """A cursor is the last sort key without its prefix, so it can only point into the list that it came from."""
    if cursor is None:
        return {}
    return {"ExclusiveStartKey": {"pk": partition, "sk": prefix + _checked(cursor)}}


def _indexed_after(partition: str, cursor: str | None) -> Any:
    if cursor is None:
        return {}
    call = f"CALL#{_checked(cursor)}"
    return {"ExclusiveStartKey": {"gsi2pk": partition, "gsi2sk": call, "pk": call, "sk": "EVENT"}}


def _checked(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        raise InvalidRequestError("invalid_cursor", "Send next_cursor as it was given.")
    return cursor


def _next(found: Any, prefix: str, attribute: str = "sk") -> str | None:
    last = found.get("LastEvaluatedKey")
    return str(last[attribute]).removeprefix(prefix) if last else None
