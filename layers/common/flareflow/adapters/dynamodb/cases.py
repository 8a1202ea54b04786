"""Open and decided cases in UsageTable."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item, ItemKind
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.usage_kinds import DECIDED_CASE, OPEN_CASE
from flareflow.json_format import timestamp
from flareflow.metering.cases import Case
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_CASE: Final = LateAdapter(Case)


@dataclass(frozen=True, slots=True)
class DynamoCases:
    """`Cases` over UsageTable: an item for each case, in the partition of the open or of the decided ones."""

    table: "Table"
    pause: Pause

    def open(self, cases: Sequence[Case]) -> int:
        wanted = {case.id: case for case in cases}
        if not wanted:
            return 0
        keys = [place.key(case_id=case_id) for place in (OPEN_CASE, DECIDED_CASE) for case_id in wanted]
        there: dict[str, int] = {}
        for item in read_items(self.table, keys, self.pause):
            there[item["sk"]] = max(int(item["count"]), there.get(item["sk"], 0))
        fresh = [case for case in wanted.values() if case.count > there.get(case.id, 0)]
        with translating("open cases"), self.table.batch_writer() as writer:
            for case in fresh:
                writer.put_item(Item=OPEN_CASE.key(case_id=case.id) | _attributes(case))
        return len(fresh)

    def open_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        return self._listed(OPEN_CASE, after, limit)

    def decided_cases(self, after: str | None, limit: int) -> Sequence[Case]:
        """Decided cases in the order of their ids, at most `limit`, of those after the id `after`."""
        return self._listed(DECIDED_CASE, after, limit)

    def _listed(self, kind: ItemKind, after: str | None, limit: int) -> Sequence[Case]:
        condition: ConditionBase = Key("pk").eq(kind.partition())
        if after is not None:
            condition &= Key("sk").gt(after)
        with translating("list cases"):
            found = self.table.query(KeyConditionExpression=condition, Limit=limit, ConsistentRead=True)
        return [_CASE.validate_python(item) for item in found["Items"]]

    def find(self, case_id: str) -> Case | None:
        with translating("find a case"):
            for place in (OPEN_CASE, DECIDED_CASE):
                found = self.table.get_item(Key=place.key(case_id=case_id), ConsistentRead=True)
                if "Item" in found:
                    return _CASE.validate_python(found["Item"])
        return None

    def decide(self, case: Case) -> None:
        put: Any = {"TableName": self.table.name, "Item": DECIDED_CASE.key(case_id=case.id) | _attributes(case)}
        delete: Any = {"TableName": self.table.name, "Key": OPEN_CASE.key(case_id=case.id)}
        with translating("store the decision of a case"):
            self.table.meta.client.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])

    def forget(self, case: Case) -> None:
        with translating("forget a case"):
            self.table.delete_item(Key=OPEN_CASE.key(case_id=case.id))


def _attributes(case: Case) -> Item:
    moments = {"opened_at": timestamp(case.opened_at), "at": timestamp(case.at) if case.at else None}
    attributes = {**asdict(case), **moments, "kind": case.kind.value, "reason": str(case.reason)}
    if case.decision:
        decided = {"verdict": case.decision.verdict.value, "at": timestamp(case.decision.at)}
        attributes["decision"] = {**asdict(case.decision), **decided}
    return {name: value for name, value in attributes.items() if value is not None}
