"""The plans that the chain's events have announced, from LedgerTable."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.ledger_items import plan_of
from flareflow.adapters.dynamodb.ledger_kinds import PLAN, RETIRED_PLAN
from flareflow.errors import BrokenRuleError
from flareflow.settlement.plans import PlanVersion

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

PLAN_PAGES_MAX: Final = 10
"""Query pages read at most, each of up to 1 MB."""


@dataclass(frozen=True, slots=True)
class DynamoPlans:
    """`settlement.ports.Plans`: one query for the versions and the retired plans."""

    table: "Table"

    def all(self) -> tuple[PlanVersion, ...]:
        items = list(self._items())
        retired = {RETIRED_PLAN.number(item, "plan_id") for item in items if RETIRED_PLAN.matches(item)}
        versions = (plan_of(item) for item in items if PLAN.matches(item))
        return tuple(replace(version, is_retired=version.plan_id in retired) for version in versions)

    def _items(self) -> Iterator[Item]:
        start: dict[str, Any] = {}
        for _ in range(PLAN_PAGES_MAX):
            with translating("list the plans"):
                answer = self.table.query(KeyConditionExpression=Key("pk").eq(PLAN.partition()), **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise BrokenRuleError(f"more than {PLAN_PAGES_MAX} query pages of plans")
