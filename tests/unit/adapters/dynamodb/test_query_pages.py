"""Lists of which DynamoDB answers only a part at a time are read to their end."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.ledger_kinds import SETTLED
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals
from flareflow.adapters.dynamodb.usage_items import pack_key
from flareflow.adapters.dynamodb.usage_kinds import EPOCH_SHARDS, PACK_NAME
from flareflow.adapters.dynamodb.usage_packs import pack_entries
from flareflow.metering.calls import Tokens
from flareflow.metering.models import Usage
from flareflow.metering.usage_events import Entry, usage_of
from tests.fakes.metering import rating, row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass
class PagedTable:
    """A table that answers a query with one item and, but for the last, the key to go on after.

    `others` are found only by their keys.
    """

    items: list[dict[str, Any]]
    others: list[dict[str, Any]] = field(default_factory=list)
    name: str = "table"
    asked_after: list[object] = field(default_factory=list)

    def query(self, *, ExclusiveStartKey: object = None, **_: object) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        self.asked_after.append(ExclusiveStartKey)
        at = 0 if ExclusiveStartKey is None else self.keys.index(ExclusiveStartKey) + 1
        answer: dict[str, Any] = {"Items": [self.items[at]]}
        return answer | ({"LastEvaluatedKey": self.keys[at]} if at + 1 < len(self.items) else {})

    @property
    def keys(self) -> list[object]:
        return [{"pk": item["pk"], "sk": item["sk"]} for item in self.items]

    @property
    def meta(self) -> object:
        return SimpleNamespace(client=self)

    def batch_get_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        keys = RequestItems[self.name]["Keys"]
        found = [item for item in self.others if {"pk": item["pk"], "sk": item["sk"]} in keys]
        return {"Responses": {self.name: found}, "UnprocessedKeys": {}}

    def as_table(self) -> "Table":
        return cast("Table", self)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_everything_that_an_epoch_added_is_read(count: int) -> None:
    # Given the names of packs of some subscriptions, one on each page, the same in each shard
    names = [PACK_NAME.key(epoch=7, shard=0, subscription_id=16 * n, version=1, part=0, second=5) for n in range(count)]
    entries = [Entry(one.call, *rating(one)) for one in (row(f"r-{n}", Tokens(prompt=n)) for n in range(count))]
    packs = [pack_key(name) | {"entries": pack_entries([entry])} for name, entry in zip(names, entries, strict=True)]
    table = PagedTable(names, packs)
    # When what was added is read
    deltas = DynamoEpochUsage(table.as_table(), lambda _: None).deltas(7)
    # Then none is missing, and each page of each shard was asked for once
    called = [usage_of(one.call.tokens, one.rated_microtokens, one.cost_nanousd) for one in entries]
    assert deltas == {16 * n: Usage.sum([one] * EPOCH_SHARDS) for n, one in enumerate(called)}
    assert table.asked_after == [None, *table.keys[:-1]] * EPOCH_SHARDS


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_settled_total_is_read(count: int) -> None:
    table = PagedTable([SETTLED.key(subscription_id=n) | {"settled_microtokens": 10 * n} for n in range(count)])
    assert DynamoSettledTotals(table.as_table(), lambda _: None).all() == {n: 10 * n for n in range(count)}
    assert table.asked_after == [None, *table.keys[:-1]]
