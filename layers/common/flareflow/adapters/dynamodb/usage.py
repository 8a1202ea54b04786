"""UsageTable as metering writes it: rows counted, records taken, and those billed that no row has confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.epoch_usage import open_epoch_if_none
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.tables import SWEPT, UNCONFIRMED
from flareflow.adapters.dynamodb.usage_writer import UsageWriter
from flareflow.json_format import timestamp
from flareflow.metering.usage_events import CountReport, RatedRecord, RatedRow, RecordReport
from flareflow.metering.witnesses import Outcome, bill_alone, count_rows, take_records
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

GRACE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class DynamoUsageEvents:
    """`UsageEvents` over UsageTable. A row without a record is reported when it ended longer ago than `grace`."""

    table: "Table"
    pause: Pause
    grace: timedelta = GRACE

    def open_epoch_if_none(self, epoch: int) -> None:
        open_epoch_if_none(self.table, epoch)

    def count(self, rows: Sequence[RatedRow], now: datetime) -> CountReport:
        alone_before = now - self.grace
        return _counted(self._writer.run(rows, lambda known, some: count_rows(known, some, alone_before), now))

    def record(self, records: Sequence[RatedRecord], now: datetime) -> RecordReport:
        outcomes = self._writer.run(records, take_records, now)
        return RecordReport(
            added=sum(len(outcome.added) for outcome in outcomes),
            differences=tuple(one for outcome in outcomes for one in outcome.differences),
            set_aside=tuple(one for outcome in outcomes for one in outcome.set_aside),
        )

    def bill_alone(self, before: datetime, limit: int, now: datetime) -> CountReport:
        """Sweep the markers of before `before`. What does not have to be billed yet is marked again."""
        markers = self._markers(before, limit)
        if not markers:
            return CountReport(0)
        ids = sorted({UNCONFIRMED.number(marker, "subscription_id") for marker in markers})
        waiting = [record for usage in self._writer.live(ids).values() for record in usage.waiting]
        outcomes = self._writer.run([one for one in waiting if one.call.ended_at < before], bill_alone, now)
        for subscription_id in sorted({one.subscription_id for one in waiting if one.call.ended_at >= before}):
            self._writer.mark(subscription_id, now)
        with translating("store how far unconfirmed records were swept"):
            self.table.put_item(Item={**SWEPT.key(), "marker": markers[-1]["sk"]})
        return _counted(outcomes)

    @property
    def _writer(self) -> UsageWriter:
        return UsageWriter(self.table, self.pause)

    def _markers(self, before: datetime, limit: int) -> Sequence[Item]:
        """The oldest `limit` markers of before `before` that were not swept yet."""
        with translating("list unconfirmed records"):
            swept = self.table.get_item(Key=SWEPT.key(), ConsistentRead=True).get("Item", {})
            first, last = str(swept.get("marker", "")) + "!", timestamp(before)  # `!` comes before every digit
            if first > last:
                return []
            in_time = Key("pk").eq(UNCONFIRMED.partition()) & Key("sk").between(first, last)
            found = self.table.query(KeyConditionExpression=in_time, ConsistentRead=True, Limit=limit)
        return found["Items"]


def _counted(outcomes: Sequence[Outcome]) -> CountReport:
    return CountReport(
        counted=sum(len(outcome.billed) for outcome in outcomes),
        differences=tuple(one for outcome in outcomes for one in outcome.differences),
        set_aside=tuple(one for outcome in outcomes for one in outcome.set_aside),
    )
