"""Counts the write units of what is written to a table.

DynamoDB Local tells the units of a single write as DynamoDB does, but gives other numbers for transactions. So each
item of a transaction is written once more, alone, to a scratch table: a transaction uses twice that, of the larger of
the item before and after (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

IN_A_TRANSACTION = 2


@dataclass
class WriteUnits:
    """Write units of `table` by kind of item, from now on; `scratch` is another, empty table."""

    table: "Table"
    scratch: "Table"
    by_item: Counter[str] = field(default_factory=Counter)
    before: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = self.table.meta.client.meta.events
        events.register("provide-client-params.dynamodb.PutItem", self._ask)
        events.register("provide-client-params.dynamodb.TransactWriteItems", self._look_before)
        events.register("after-call.dynamodb.TransactWriteItems", self._look_after)

    @property
    def total(self) -> int:
        return self.by_item.total()

    def _ask(self, params: Any, **_: Any) -> None:
        if params["TableName"] == self.table.name:
            self._add(params["Item"], self._units(params["Item"]))

    def _look_before(self, params: Any, **_: Any) -> None:
        self.before = [(key, self._item(key)) for action in params["TransactItems"] for key in [_key(*action.values())]]

    def _look_after(self, parsed: Any, **_: Any) -> None:
        if "CancellationReasons" in parsed:
            return
        for key, item in self.before:
            larger = max(self._units(item), self._units(self._item(key)))
            self._add(key, IN_A_TRANSACTION * larger)

    def _add(self, key: Mapping[str, Any], units: int) -> None:
        kind = key["sk"] if key["pk"] == "METERING" else f"{key['pk'].partition('#')[0]} {key['sk'].partition('#')[0]}"
        self.by_item[str(kind).partition("#")[0]] += units

    def _item(self, key: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.table.get_item(Key=dict(key), ConsistentRead=True).get("Item", dict(key))

    def _units(self, item: Mapping[str, Any]) -> int:
        """The units of writing the item alone, where none was before."""
        self.scratch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        written = self.scratch.put_item(Item=dict(item), ReturnConsumedCapacity="TOTAL")
        self.scratch.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        return int(written["ConsumedCapacity"]["CapacityUnits"])


def _key(action: Mapping[str, Any]) -> Mapping[str, Any]:
    whole = action.get("Key") or action["Item"]
    return {"pk": whole["pk"], "sk": whole["sk"]}
