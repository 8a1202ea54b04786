"""UsageTable as metering writes it: rows counted, records taken, and what finds no second witness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.epoch_usage import open_epoch_if_none
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item, ItemKind
from flareflow.adapters.dynamodb.usage_kinds import COUNTED_ALONE, SWEPT, UNCONFIRMED
from flareflow.adapters.dynamodb.usage_writer import UsageWriter
from flareflow.errors import UNREADABLE
from flareflow.json_format import timestamp
from flareflow.metering.outcomes import Known, Outcome
from flareflow.metering.rating import PriceBooks
from flareflow.metering.usage_events import (
    CountReport,
    Difference,
    DifferenceKind,
    Entry,
    OwnedRecord,
    OwnedRow,
    RecordReport,
)
from flareflow.metering.witnesses import (
    REACH,
    bill_alone,
    count_rows,
    records_without_row,
    rows_without_record,
    take_records,
)
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

NAMED_MAX: Final = 3
"""Rows that are named of many without a record."""


@dataclass(frozen=True, slots=True)
class DynamoUsageEvents:
    """`UsageEvents` over UsageTable."""

    table: "Table"
    pause: Pause
    books: PriceBooks

    def open_epoch_if_none(self, epoch: int) -> None:
        open_epoch_if_none(self.table, epoch)

    def count(self, rows: Sequence[OwnedRow], now: datetime) -> CountReport:
        return _counted(self._writer.run(rows, count_rows, now))

    def record(self, records: Sequence[OwnedRecord], now: datetime) -> RecordReport:
        outcomes = self._writer.run(records, take_records, now)
        return RecordReport(
            added=sum(len(outcome.added) for outcome in outcomes),
            differences=tuple(one for outcome in outcomes for one in outcome.differences),
            set_aside=tuple(one for outcome in outcomes for one in outcome.set_aside),
        )

    def bill_alone(self, before: datetime, limit: int, now: datetime, tell: Callable[[CountReport], object]) -> int:
        """Sweep the markers of before `before`: of records that wait, and of what was counted alone."""
        waiting, counted = (self._markers(kind, before, limit) for kind in (UNCONFIRMED, COUNTED_ALONE))
        report = self._bill_waiting(waiting, before, now)
        alone = tuple(one for marker in counted for one in self._alone(marker))
        tell(report + CountReport(differences=alone))
        self._sweep_after(UNCONFIRMED, waiting)
        self._sweep_after(COUNTED_ALONE, counted)
        return report.counted

    @property
    def _writer(self) -> UsageWriter:
        return UsageWriter(self.table, self.pause, self.books)

    def _bill_waiting(self, markers: Sequence[Item], before: datetime, now: datetime) -> CountReport:
        """Bill the records that have waited long enough. Where others wait on, that is marked again.

        So is a subscription whose records cannot be read now.
        """
        ids = sorted({UNCONFIRMED.number(marker, "subscription_id") for marker in markers})
        live = self._writer.live(ids)
        waiting = [record for usage in live.values() for record in usage.waiting]
        outcomes = self._writer.run([one for one in waiting if one.call.ended_at < before], bill_alone, now)
        left = {one.subscription_id for one in waiting if one.call.ended_at >= before} | (set(ids) - live.keys())
        for subscription_id in sorted(left):
            self._writer.mark(subscription_id, now)
        broken = tuple(_unreadable(one) for one in ids if one not in live)
        return _counted(outcomes) + CountReport(differences=broken)

    def _alone(self, marker: Item) -> Sequence[Difference]:
        """The differences of records that were billed alone, and one for all rows that still have no record."""
        subscription_id = COUNTED_ALONE.number(marker, "subscription_id")
        try:
            return self._alone_of(subscription_id, marker)
        except UNREADABLE:
            return [_unreadable(subscription_id)]

    def _alone_of(self, subscription_id: int, marker: Item) -> Sequence[Difference]:
        counted = self._writer.entries_in(subscription_id, marker["packs"])
        records = records_without_row(counted, subscription_id)
        return [*records, *self._rows_alone(subscription_id, str(marker["sk"]), counted)]

    def _rows_alone(self, subscription_id: int, identity: str, counted: Sequence[Entry]) -> Sequence[Difference]:
        starts = [entry.call.started_at for entry in counted]
        if not starts:  # the step that was marked was never written
            return ()
        known = Known((), self._writer.entries(subscription_id, min(starts) - REACH, max(starts) + REACH))
        alone = rows_without_record(known, counted)
        if not alone:
            return ()
        tokens = sum(entry.call.tokens.total for entry in alone)
        named = ", ".join(entry.identity for entry in alone[:NAMED_MAX])
        what = f"{len(alone)} rows with {tokens} tokens have no record: {named}{' …' if alone[NAMED_MAX:] else ''}"
        return (Difference(DifferenceKind.ROW_WITHOUT_RECORD, subscription_id, identity, what),)

    def _markers(self, kind: ItemKind, before: datetime, limit: int) -> Sequence[Item]:
        """The oldest `limit` markers of before `before` that were not swept yet."""
        with translating("list what has no second witness"):
            swept = self.table.get_item(Key=SWEPT.key(kind=kind.pk), ConsistentRead=True).get("Item", {})
            first, last = str(swept.get("marker", "")) + "!", timestamp(before)  # `!` comes before every digit
            if first > last:
                return []
            in_time = Key("pk").eq(kind.partition()) & Key("sk").between(first, last)
            found = self.table.query(KeyConditionExpression=in_time, ConsistentRead=True, Limit=limit)
        return found["Items"]

    def _sweep_after(self, kind: ItemKind, markers: Sequence[Item]) -> None:
        if markers:
            with translating("store how far markers were swept"):
                self.table.put_item(Item=SWEPT.key(kind=kind.pk) | {"marker": markers[-1]["sk"]})


def _unreadable(subscription_id: int) -> Difference:
    what = f"what is stored of the usage of subscription {subscription_id} cannot be read, so its records wait"
    return Difference(DifferenceKind.USAGE_UNREADABLE, subscription_id, str(subscription_id), what)


def _counted(outcomes: Sequence[Outcome]) -> CountReport:
    return CountReport(
        counted=sum(len(outcome.billed) for outcome in outcomes),
        differences=tuple(one for outcome in outcomes for one in outcome.differences),
        set_aside=tuple(one for outcome in outcomes for one in outcome.set_aside),
        by_default=frozenset(one for outcome in outcomes for one in outcome.by_default),
    )
