"""What was billed and what LiteLLM counted, by key and day, in UsageTable."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.book_kinds import SOLD_OF_MODEL
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, EXPIRES_AT, Item, ItemKind
from flareflow.adapters.dynamodb.usage_kinds import BILLED_OF_KEY, COMPARED_OF_KEY, RECONCILED, REPORTED, SUSPICION
from flareflow.errors import BrokenRuleError
from flareflow.json_format import timestamp
from flareflow.metering.spent import Compared, Sold, Spent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

ALL_DAYS: Final = "all"
DAY_KEPT: Final = timedelta(days=40)
SUSPICION_KEPT: Final = timedelta(days=1)
PAGES_MAX: Final = 1_000
NOTED: Final = ("rows", "cost_nanousd", "billed_nanousd")


@dataclass(frozen=True, slots=True)
class DynamoReconciled:
    """`Reconciled`: an item for each key and day with what was billed, another with what LiteLLM counted."""

    table: "Table"

    def through_epoch(self) -> int:
        with translating("read the last reconciled epoch"):
            item = self.table.get_item(Key=RECONCILED.key(), ConsistentRead=True).get("Item")
        return int(str(item["epoch"])) if item else -1

    def add(
        self, epoch: int, spent: Mapping[tuple[str, date | None], Spent], sold: Mapping[tuple[str, date], Sold]
    ) -> None:
        for (key_hash, day), one in spent.items():
            key = BILLED_OF_KEY.key(day=_text(day), key_hash=key_hash)
            self._add(key, epoch, day, asdict(one))
        for (model, of_day), what in sold.items():
            key = SOLD_OF_MODEL.key(day=of_day.isoformat(), model=hashlib.sha256(model.encode()).hexdigest())
            self._add(key, epoch, of_day, asdict(what), model)
        with translating("store the last reconciled epoch"):
            self.table.put_item(Item={**RECONCILED.key(), "epoch": epoch})

    def sold(self, day: date) -> Mapping[str, Sold]:
        items = self._items(SOLD_OF_MODEL, day)
        names = [field.name for field in fields(Sold)]
        return {str(item["model"]): Sold(*(int(item[name]) for name in names)) for item in items}

    def _add(
        self, key: Item, epoch: int, day: date | None, amounts: Mapping[str, int], model: str | None = None
    ) -> None:
        """Add to the numbers of an item what an epoch billed, unless it was added before."""
        added = ", ".join(f"#{name} :{name}" for name in amounts)
        named = {} if model is None else {"#model": "model"}
        with suppress(ConditionFailedError), translating("add what an epoch billed"):
            self.table.update_item(
                Key=key,
                UpdateExpression=f"ADD {added} SET epoch = :epoch{', #model = :model' if named else ''}{_expiry(day)}",
                ConditionExpression=f"{ABSENT} OR epoch < :epoch",
                ExpressionAttributeNames={**{f"#{name}": name for name in amounts}, **named},
                ExpressionAttributeValues={
                    **{f":{name}": amount for name, amount in amounts.items()},
                    **{":epoch": epoch, **({":model": model} if named else {})},
                    **_expires_at(day),
                },
            )

    def seen_before(self, identity: str, before: datetime, now: datetime) -> bool:
        key = SUSPICION.key(identity=identity)
        with translating("look for a suspicion"):
            item = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
            first = datetime.fromisoformat(str(item["at"])) if item else now
            if item is None or first + SUSPICION_KEPT <= now:  # DynamoDB deletes later than this
                first, expires_at = now, int((now + SUSPICION_KEPT).timestamp())
                self.table.put_item(Item=key | {"at": timestamp(first), EXPIRES_AT: expires_at})
        return first <= before

    def reported(self) -> date | None:
        with translating("read the last reported day"):
            item = self.table.get_item(Key=REPORTED.key(), ConsistentRead=True).get("Item")
        return date.fromisoformat(str(item["day"])) if item else None

    def note_report(self, day: date) -> None:
        with translating("store the last reported day"):
            self.table.put_item(Item={**REPORTED.key(), "day": day.isoformat()})

    def billed(self, day: date | None) -> Mapping[str, Spent]:
        return {BILLED_OF_KEY.part(item, "key_hash"): _spent(item) for item in self._items(BILLED_OF_KEY, day)}

    def compared_before(
        self, day: date | None, compared: Mapping[str, Compared], before: datetime, now: datetime
    ) -> Mapping[str, Compared]:
        noted = {COMPARED_OF_KEY.part(item, "key_hash"): item for item in self._items(COMPARED_OF_KEY, day)}
        settled = {}
        with translating("note what is compared"), self.table.batch_writer() as writer:
            for key_hash, numbers in compared.items():
                item = noted.get(key_hash, {})
                if "at" not in item or datetime.fromisoformat(str(item["at"])) <= before:
                    item = {**_noted(numbers, now), **_renamed(item), **_expiry_item(day)}
                    writer.put_item(Item=COMPARED_OF_KEY.key(day=_text(day), key_hash=key_hash) | item)
                if "rows_before" in item:
                    rows, cost, billed = (int(item[f"{name}_before"]) for name in NOTED)
                    settled[key_hash] = Compared(Spent(rows, cost), billed)
        return settled

    def _items(self, kind: ItemKind, day: date | None) -> Iterator[Item]:
        query: dict[str, Any] = {"KeyConditionExpression": kind.all_of(day=_text(day))}
        for _ in range(PAGES_MAX):
            with translating("read the numbers of keys"):
                found = self.table.query(ConsistentRead=True, **query)
            yield from found["Items"]
            if "LastEvaluatedKey" not in found:
                return
            query["ExclusiveStartKey"] = found["LastEvaluatedKey"]
        raise BrokenRuleError(f"more than {PAGES_MAX} pages of keys on one day")


def _text(day: date | None) -> str:
    return day.isoformat() if day else ALL_DAYS


def _spent(item: Item) -> Spent:
    return Spent(int(item["rows"]), int(item["cost_nanousd"]), int(item.get("rated_microtokens", 0)))


def _noted(compared: Compared, now: datetime) -> Item:
    numbers = (compared.counted.rows, compared.counted.cost_nanousd, compared.billed_nanousd)
    return {**dict(zip(NOTED, numbers, strict=True)), "at": timestamp(now)}


def _renamed(item: Item) -> Item:
    """What was noted last, as what was compared before."""
    return {f"{name}_before": item[name] for name in NOTED if name in item}


def _expiry(day: date | None) -> str:
    return f", {EXPIRES_AT} = :expires_at" if day else ""


def _expires_at(day: date | None) -> dict[str, int]:
    return {":expires_at": _seconds(day)} if day else {}


def _expiry_item(day: date | None) -> Item:
    return {EXPIRES_AT: _seconds(day)} if day else {}


def _seconds(day: date) -> int:
    return int(datetime.fromisoformat(f"{day + DAY_KEPT}T00:00:00+00:00").timestamp())
