"""How far the spend log was read, in UsageTable."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import AwareDatetime, BaseModel, TypeAdapter

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import ABSENT, EXPIRES_AT, Item
from flareflow.adapters.dynamodb.usage_kinds import ROWS_READ, WATERMARK
from flareflow.errors import RaceLostError
from flareflow.json_format import timestamp
from flareflow.metering.models import Window
from flareflow.metering.rows import BUCKET, Listing, Progress, Slice
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ATTEMPTS_MAX: Final = 10
PAUSE_SECONDS: Final = 0.05
ROWS_KEPT: Final = timedelta(days=10)


class _OpenSlice(BaseModel):
    start: AwareDatetime
    end: AwareDatetime
    listing: Listing
    sent: AwareDatetime

    def part(self) -> Slice:
        return Slice(Window(self.start, self.end), self.listing)


_OPEN: Final = TypeAdapter(list[_OpenSlice])

type _Change = Callable[[Progress], Progress]


@dataclass(frozen=True, slots=True)
class DynamoReadingProgress:
    """`ReadingProgress`: one item for the progress, and one for each window whose rows were counted."""

    table: "Table"
    pause: Pause

    def load(self) -> Progress:
        return self._load()[0]

    def advance(self, read_to: datetime | None, opened: Sequence[Slice], now: datetime) -> None:
        def change(before: Progress) -> Progress:
            moments = [moment for moment in (before.read_to, read_to) if moment]
            return Progress(max(moments, default=None), {**before.sent, **dict.fromkeys(opened, now)})

        self._change(change)

    def replace(self, part: Slice, rest: Sequence[Slice], now: datetime) -> None:
        def change(before: Progress) -> Progress:
            others = {one: sent for one, sent in before.sent.items() if one != part}
            return replace(before, sent={**others, **dict.fromkeys(rest, now)})

        self._change(change)

    def record(self, rows: Mapping[datetime, int], length: timedelta = BUCKET) -> None:
        with translating("store how many rows were read"), self.table.batch_writer() as writer:
            for start, count in rows.items():
                expires_at = int((start + ROWS_KEPT).timestamp())
                writer.put_item(Item=_rows_key(start, length) | {"rows": count, EXPIRES_AT: expires_at})

    def known(self, starts: Sequence[datetime], length: timedelta) -> Mapping[datetime, int]:
        keys = [_rows_key(start, length) for start in starts]
        items = read_items(self.table, keys, self.pause)
        return {datetime.fromisoformat(ROWS_READ.part(item, "start")): int(item["rows"]) for item in items}

    def _load(self) -> tuple[Progress, int]:
        with translating("read how far the spend log was read"):
            item = self.table.get_item(Key=WATERMARK.key(), ConsistentRead=True).get("Item")
        if item is None:
            return Progress(), 0
        read_to = datetime.fromisoformat(str(item["read_to"])) if "read_to" in item else None
        sent = {one.part(): one.sent for one in _OPEN.validate_json(str(item["slices"]))}
        return Progress(read_to, sent), int(str(item["version"]))

    def _change(self, change: _Change) -> None:
        """Raises RaceLostError when others changed the progress in each of the attempts."""
        for attempt in range(ATTEMPTS_MAX):
            self.pause(PAUSE_SECONDS * attempt)
            before, version = self._load()
            after = change(before)
            if after == before:
                return
            with suppress(RaceLostError):
                self._save(after, version)
                return
        raise RaceLostError(f"the progress of reading was changed by others in {ATTEMPTS_MAX} attempts")

    def _save(self, progress: Progress, version: int) -> None:
        item: dict[str, Any] = {**WATERMARK.key(), "slices": _text(progress), "version": version + 1}
        if progress.read_to:
            item["read_to"] = timestamp(progress.read_to)
        with translating("store how far the spend log was read"):
            self.table.put_item(
                Item=item,
                ConditionExpression=f"{ABSENT} OR version = :version",
                ExpressionAttributeValues={":version": version},
            )


def _text(progress: Progress) -> str:
    return json.dumps(
        [
            {
                "start": timestamp(part.window.start),
                "end": timestamp(part.window.end),
                "listing": part.listing.value,
                "sent": timestamp(sent),
            }
            for part, sent in progress.sent.items()
        ]
    )


def _rows_key(start: datetime, length: timedelta) -> Item:
    return ROWS_READ.key(seconds=int(length.total_seconds()), start=timestamp(start))
