"""Public statistics: kept in UsageTable, added up from LedgerTable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.key_sweep import DynamoAllSubscriptions
from flareflow.adapters.dynamodb.keys import EXPIRES_AT
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_items import subscription_of
from flareflow.adapters.dynamodb.ledger_kinds import SUBSCRIPTION
from flareflow.adapters.dynamodb.statistics_kinds import STATISTICS, STATUS_DAY, counter
from flareflow.errors import UNREADABLE
from flareflow.settlement.health import Health, System
from flareflow.settlement.statistics import DayOfStatus, LedgerPart, Sums
from flareflow.settlement.status import Status
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

DAY_KEPT: Final = timedelta(days=100)
_SUMS: Final = LateAdapter(Sums)


@dataclass(frozen=True, slots=True)
class DynamoStatistics:
    """`KeptStatistics`: an item for each day, and one with the sums."""

    table: "Table"

    def sums(self) -> Sums:
        with translating("read the sums of statistics"):
            item = self.table.get_item(Key=STATISTICS.key(), ConsistentRead=True).get("Item")
        return _SUMS.validate_json(str(item["record"])) if item else Sums()

    def keep(self, sums: Sums) -> None:
        with translating("keep the sums of statistics"):
            self.table.put_item(Item={**STATISTICS.key(), "record": _SUMS.dump_json(sums).decode()})

    def note_status(self, day: date, status: Status) -> None:
        counted = {counter(one.system, one.health): 1 for one in status.systems}
        added: dict[str, int] = {"ticks": 1, "lag_seconds": status.pipeline.lag_seconds, **counted}
        names = list(added)
        expires_at = int((datetime.combine(day, time.min, UTC) + DAY_KEPT).timestamp())
        with translating("count the status of a day"):
            self.table.update_item(
                Key=STATUS_DAY.key(day=day.isoformat()),
                UpdateExpression=f"ADD {', '.join(f'#{one} :{one}' for one in names)} SET {EXPIRES_AT} = :expires_at",
                ExpressionAttributeNames={f"#{one}": one for one in names},
                ExpressionAttributeValues={**{f":{one}": added[one] for one in names}, ":expires_at": expires_at},
            )

    def days(self, since: date, limit: int) -> Sequence[DayOfStatus]:
        first = STATUS_DAY.sort_key(day=since.isoformat())
        with translating("read the status of days"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(STATUS_DAY.partition()) & Key("sk").gte(first),
                ScanIndexForward=False,
                Limit=limit,
            )
        return [_day_of(item) for item in found["Items"]]


@dataclass(frozen=True, slots=True)
class DynamoSubscriptionsInOrder:
    """`SubscriptionsInOrder` over LedgerTable."""

    table: "Table"
    pause: Pause

    def part(self, after: int | None, limit: int) -> LedgerPart:
        ids = DynamoAllSubscriptions(self.table).after(after, limit)
        keys = [SUBSCRIPTION.key(subscription_id=one) for one in ids]
        found, unreadable = [], 0
        for item in read_items(self.table, keys, self.pause):
            try:
                found.append(subscription_of(item))
            except UNREADABLE:
                unreadable += 1
        return LedgerPart(found, unreadable, ids[-1] if ids else None)


def _day_of(item: Mapping[str, Any]) -> DayOfStatus:
    ticks = int(item["ticks"])
    return DayOfStatus(
        day=date.fromisoformat(STATUS_DAY.part(item, "day")),
        ticks=ticks,
        lag_seconds=int(item["lag_seconds"]) // ticks,
        systems={system: {health: int(item.get(counter(system, health), 0)) for health in Health} for system in System},
    )
