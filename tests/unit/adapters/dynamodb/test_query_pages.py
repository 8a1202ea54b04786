"""Lists of which DynamoDB answers only a part at a time are read to their end."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from flareflow.adapters.dynamodb.epoch_usage import DynamoEpochUsage
from flareflow.adapters.dynamodb.statements import DynamoSettledTotals
from flareflow.adapters.dynamodb.tables import EPOCH_DELTA, EPOCH_SHARDS, SETTLED
from flareflow.metering.models import Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass
class PagedTable:
    """A table that answers a query with one item and, but for the last, the key to go on after."""

    items: list[dict[str, Any]]
    asked_after: list[object] = field(default_factory=list)

    def query(self, *, ExclusiveStartKey: object = None, **_: object) -> dict[str, Any]:  # noqa: N803 (boto3's name)
        self.asked_after.append(ExclusiveStartKey)
        at = 0 if ExclusiveStartKey is None else self.keys.index(ExclusiveStartKey) + 1
        answer: dict[str, Any] = {"Items": [self.items[at]]}
        return answer | ({"LastEvaluatedKey": self.keys[at]} if at + 1 < len(self.items) else {})

    @property
    def keys(self) -> list[object]:
        return [{"pk": item["pk"], "sk": item["sk"]} for item in self.items]

    def as_table(self) -> "Table":
        return cast("Table", self)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_everything_that_an_epoch_added_is_read(count: int) -> None:
    # Given the deltas of some subscriptions, one on each page
    table = PagedTable(
        [EPOCH_DELTA.key(epoch=7, shard=0, subscription_id=n) | {"requests": n + 1} for n in range(count)]
    )
    # When they are read
    deltas = DynamoEpochUsage(table.as_table(), lambda _: None).deltas(7)
    # Then none is missing, and each page of each shard was asked for once
    assert deltas == {n: Usage(requests=n + 1) for n in range(count)}
    assert table.asked_after == [None, *table.keys[:-1]] * EPOCH_SHARDS


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_settled_total_is_read(count: int) -> None:
    table = PagedTable([SETTLED.key(subscription_id=n) | {"settled_microtokens": 10 * n} for n in range(count)])
    assert DynamoSettledTotals(table.as_table(), lambda _: None).all() == {n: 10 * n for n in range(count)}
    assert table.asked_after == [None, *table.keys[:-1]]
