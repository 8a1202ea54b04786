"""Counts the write units of what is written to a table.

DynamoDB Local tells the units of a single write as DynamoDB does, but gives other numbers for transactions, and only
the sum for a batch. So each item that a transaction or a batch has written is written once more, alone, to a scratch
table: that is what it uses, of the larger of the item before and after, and twice as much in a transaction
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html). Several threads may write, if
no two of them write the same item.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.keys import ItemKind
from flareflow.adapters.dynamodb.tables import TABLES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

IN_A_TRANSACTION: Final = 2
WRITING: Final = "flareflow_writing"
KINDS: Final = tuple(kind for layout in TABLES for kind in layout.items)
SINGLE_WRITES: Final = ("PutItem", "UpdateItem", "DeleteItem")


@dataclass
class WriteUnits:
    """Write units of `table` by kind of item, from now on; `scratch` is another, empty table."""

    table: "Table"
    scratch: "Table"
    by_item: Counter[ItemKind] = field(default_factory=Counter)
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    """The units of each item when it was written last, by its keys."""
    adding: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        events = self.table.meta.client.meta.events
        for operation in SINGLE_WRITES:
            events.register(f"provide-client-params.dynamodb.{operation}", self._ask)
            events.register(f"after-call.dynamodb.{operation}", self._add_told)
        events.register("provide-client-params.dynamodb.TransactWriteItems", self._begin)
        events.register("after-call.dynamodb.TransactWriteItems", partial(self._look_after, times=IN_A_TRANSACTION))
        events.register("provide-client-params.dynamodb.BatchWriteItem", self._begin_batch)
        events.register("after-call.dynamodb.BatchWriteItem", partial(self._look_after, times=1))

    @property
    def total(self) -> int:
        return self.by_item.total()

    def _ask(self, params: Any, context: Any, **_: Any) -> Any:
        """Let DynamoDB tell the units of a write. `context` is that of the one request."""
        context[WRITING] = _keys(params)
        return params | {"ReturnConsumedCapacity": "TOTAL"}

    def _add_told(self, parsed: Any, context: Any, **_: Any) -> None:
        if "ConsumedCapacity" in parsed:  # not where a condition failed
            [key], units = context[WRITING], int(parsed["ConsumedCapacity"]["CapacityUnits"])
            self.last[key["pk"], key["sk"]] = units
            self._add(key, units)

    def _begin(self, params: Any, context: Any, **_: Any) -> None:
        context[WRITING] = [key for action in params["TransactItems"] for key in _keys(*action.values())]

    def _begin_batch(self, params: Any, context: Any, **_: Any) -> None:
        context[WRITING] = _keys(params)

    def _look_after(self, parsed: Any, times: int, context: Any, **_: Any) -> None:
        if "CancellationReasons" in parsed:
            return
        for key in context[WRITING]:
            place = key["pk"], key["sk"]
            before = self.last.get(place, 1)
            self.last[place] = self._units(self._item(key))
            self._add(key, times * max(before, self.last[place]))

    def _add(self, key: Mapping[str, Any], units: int) -> None:
        kind = next(kind for kind in KINDS if kind.matches(key))
        with self.adding:
            self.by_item[kind] += units

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.table.get_item(Key=dict(key), ConsistentRead=True).get("Item", dict(key))

    def _units(self, item: Mapping[str, Any]) -> int:
        """The units of writing the item alone, where none was before."""
        written = self.scratch.put_item(Item=dict(item), ReturnConsumedCapacity="TOTAL")
        self.scratch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        return int(written["ConsumedCapacity"]["CapacityUnits"])


def _keys(action: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The keys of what a request or one action of a transaction writes."""
    if "RequestItems" in action:
        writes = [write for writes in action["RequestItems"].values() for write in writes]
        return [key for write in writes for key in _keys(*write.values())]
    whole = action.get("Key") or action["Item"]
    return [{"pk": whole["pk"], "sk": whole["sk"]}]
