"""A DynamoDB table in memory, as far as metering needs one: quick enough for thousands of random steps.

`tests/ports/dynamodb` runs the same code against DynamoDB Local.
"""

import operator
import re
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from tests.support.breakable_table import BreakableTable, Keys

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table

type Item = Mapping[str, Any]

PAGE_ITEMS = 3
ABSENT = re.compile(r"attribute_not_exists\((\w+)\)")
COMPARES = re.compile(r"(\w+) (=|<=|<) (:\w+)")
MEANT = {"=": operator.eq, "<=": operator.le, "<": operator.lt}


@dataclass
class MemoryTable(BreakableTable):
    """One table; `as_table` is what an adapter takes for it."""

    name: str = "table"
    items: dict[Keys, dict[str, Any]] = field(default_factory=dict)

    def as_table(self) -> "Table":
        table = SimpleNamespace(name=self.name, get_item=self.get_item, query=self.query, put_item=self.put_item)
        table.scan, table.delete_item = self.scan, self.delete_item
        table.batch_writer = lambda: nullcontext(SimpleNamespace(put_item=self.put_item))
        table.update_item = lambda **update: self.transact_write_items(TransactItems=[{"Update": update}])
        table.meta = SimpleNamespace(client=self)
        return cast("Table", table)

    def get_item(self, *, Key: Item, **_: object) -> Item:  # noqa: N803 (boto3's name)
        item = self.items.get((Key["pk"], Key["sk"]))
        return {} if item is None else {"Item": item}

    def batch_get_item(self, *, RequestItems: Any) -> Item:  # noqa: N803
        keys = [(key["pk"], key["sk"]) for key in RequestItems[self.name]["Keys"]]
        found = [self.items[key] for key in keys if key in self.items]
        return {"Responses": {self.name: found}, "UnprocessedKeys": {}}

    def query(
        self,
        *,
        KeyConditionExpression: "ConditionBase",  # noqa: N803
        ExclusiveStartKey: Item | None = None,  # noqa: N803
        Limit: int = PAGE_ITEMS,  # noqa: N803
        ScanIndexForward: bool = True,  # noqa: N803
        **_: object,
    ) -> Item:
        in_order = sorted(self.items, reverse=not ScanIndexForward)
        if ExclusiveStartKey is not None:
            after = (ExclusiveStartKey["pk"], ExclusiveStartKey["sk"])
            in_order = [key for key in in_order if (key > after if ScanIndexForward else key < after)]
        found = [self.items[key] for key in in_order]
        found = [item for item in found if _meets(item, KeyConditionExpression)]
        answer: dict[str, Any] = {"Items": found[:Limit]}
        if len(found) > Limit:
            answer["LastEvaluatedKey"] = {name: found[Limit - 1][name] for name in ("pk", "sk")}
        return answer

    def scan(self, *, ExclusiveStartKey: Item | None = None, **_: object) -> Item:  # noqa: N803
        after = ("", "") if ExclusiveStartKey is None else (ExclusiveStartKey["pk"], ExclusiveStartKey["sk"])
        page = sorted(key for key in self.items if key > after)[:PAGE_ITEMS]
        answer: dict[str, Any] = {"Items": [self.items[key] for key in page]}
        return answer | ({"LastEvaluatedKey": {"pk": page[-1][0], "sk": page[-1][1]}} if page else {})

    def delete_item(self, **delete: Any) -> None:
        self.transact_write_items(TransactItems=[{"Delete": delete}])

    def put_item(self, **put: Any) -> None:
        self.transact_write_items(TransactItems=[{"Put": put}])

    def transact_write_items(self, *, TransactItems: Any) -> None:  # noqa: N803
        with self.around_write():
            actions = [(kind, action, _key_of(action)) for one in TransactItems for kind, action in one.items()]
            assert len({key for _, _, key in actions}) == len(actions) <= 100
            reasons = [
                {"Code": "None" if self._holds(action, key) else "ConditionalCheckFailed"} for _, action, key in actions
            ]
            if any(reason["Code"] != "None" for reason in reasons):
                answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
                raise ClientError(answer, "TransactWriteItems")
            for kind, action, key in actions:
                self._apply(kind, action, key)

    def _holds(self, action: Item, key: Keys) -> bool:
        item, values = self.items.get(key, {}), action.get("ExpressionAttributeValues", {})
        ways = [way.split(" AND ") for way in action.get("ConditionExpression", "").split(" OR ")]
        return any(all(_term_holds(term, item, values) for term in terms if term) for terms in ways)

    def _apply(self, kind: str, action: Item, key: Keys) -> None:
        if kind == "Put":
            self.items[key] = dict(action["Item"])
        elif kind == "Delete":
            self.items.pop(key, None)
        elif kind == "Update":
            item = self.items.get(key, {"pk": key[0], "sk": key[1]})
            names = action.get("ExpressionAttributeNames", {})
            expression = re.sub(r"#\w+", lambda given: names[given[0]], action["UpdateExpression"])
            self.items[key] = _updated(item, expression, action["ExpressionAttributeValues"])


def _key_of(action: Item) -> Keys:
    keys = action.get("Key") or action["Item"]
    return keys["pk"], keys["sk"]


def _term_holds(term: str, item: Item, values: Item) -> bool:
    if absent := ABSENT.fullmatch(term):
        return absent[1] not in item
    compares = COMPARES.fullmatch(term)
    assert compares, term
    name, sign, value = compares[1], compares[2], values[compares[3]]
    return name in item and bool(MEANT[sign](item[name], value))


def _updated(item: Item, expression: str, values: Item) -> dict[str, Any]:
    """The item after `ADD name :value, …`, `SET name = :value, …`, `REMOVE name` in this order, each if there."""
    parts = re.split(r"\s*\b(ADD|SET|REMOVE)\b\s*", expression)[1:]
    new = dict(item)
    for verb, what in zip(parts[::2], parts[1::2], strict=True):
        for one in what.split(", "):
            name, _, value = one.replace(" = ", " ").partition(" ")
            match verb:
                case "ADD":
                    new[name] = item.get(name, 0) + values[value]
                case "SET":
                    new[name] = values[value]
                case _:
                    new.pop(name, None)
    return new


def _meets(item: Item, condition: "ConditionBase") -> bool:
    expression = condition.get_expression()
    if expression["operator"] == "AND":
        return all(_meets(item, part) for part in expression["values"])
    name, *values = expression["values"]
    actual = item[name.name]
    match expression["operator"]:
        case "=":
            return bool(actual == values[0])
        case "begins_with":
            return bool(actual.startswith(values[0]))
        case "BETWEEN":
            return bool(values[0] <= actual <= values[1])
    raise AssertionError(expression["operator"])
