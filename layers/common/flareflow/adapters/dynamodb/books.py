"""Everything in LedgerTable that follows from the contract's events, for whoever compares it with the chain."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.keys import Item, ItemKind
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_items import plan_of, read_height, subscription_of
from flareflow.adapters.dynamodb.ledger_kinds import (
    JOURNAL_ENTRY,
    OWNERSHIP,
    PLAN,
    RETIRED_PLAN,
    REVENUE,
    REVENUE_ENTRY,
    SET_ASIDE,
    SETTLED,
    SUBSCRIPTION,
)
from flareflow.books.rebuilt import UNREADABLE_KIND, Record, UnreadableItem, place_of, record_of
from flareflow.errors import UNREADABLE, BrokenRuleError
from flareflow.settlement.entries import Entry
from flareflow.settlement.positions import SetAside

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SCAN_PAGES_MAX: Final = 1_000_000
"""Pages read at most, each of up to 1 MB."""

_ENTRY: Final = LateAdapter(Entry)
_SET_ASIDE: Final = LateAdapter(SetAside)


@dataclass(frozen=True, slots=True)
class DynamoStoredLedger:
    """`books.ports.StoredLedger`: one scan of the table."""

    table: "Table"

    def read_to(self) -> int | None:
        return read_height(self.table)

    def records(self) -> Iterator[Record]:
        for item in self._items():
            for kind, read in _READERS.items():
                if kind.matches(item):
                    yield _read(item, read)
                    break

    def _items(self) -> Iterator[Item]:
        start: dict[str, Any] = {}
        for _ in range(SCAN_PAGES_MAX):
            with translating("read the ledger's table"):
                answer = self.table.scan(ConsistentRead=True, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise BrokenRuleError(f"the ledger's table has more than {SCAN_PAGES_MAX} pages")


def _read(item: Item, read: Callable[[Mapping[str, Any]], Record]) -> Record:
    try:
        return read(item)
    except UNREADABLE as error:
        return (UNREADABLE_KIND, str(item["pk"]), str(item["sk"])), UnreadableItem(str(error))


def _entry(item: Mapping[str, Any]) -> Record:
    return record_of(_ENTRY.validate_python(item))


def _set_aside(item: Mapping[str, Any]) -> Record:
    return ("set aside", *place_of(_SET_ASIDE.validate_python(item))), True


def _subscription(item: Mapping[str, Any]) -> Record:
    return ("subscription", SUBSCRIPTION.number(item, "subscription_id")), subscription_of(item)


def _settled(item: Mapping[str, Any]) -> Record:
    settled = int(item["settled_microtokens"]), bool(item["needs_rate"])
    return ("settled", SETTLED.number(item, "subscription_id")), settled


def _owner(item: Mapping[str, Any]) -> Record:
    return ("owner", OWNERSHIP.part(item, "address"), OWNERSHIP.number(item, "subscription_id")), True


def _plan(item: Mapping[str, Any]) -> Record:
    return ("plan", PLAN.number(item, "plan_id"), PLAN.number(item, "plan_version")), plan_of(item)


_READERS: Final[Mapping[ItemKind, Callable[[Mapping[str, Any]], Record]]] = {
    SUBSCRIPTION: _subscription,
    JOURNAL_ENTRY: _entry,
    REVENUE_ENTRY: _entry,
    SET_ASIDE: _set_aside,
    REVENUE: lambda item: (("revenue",), int(item["balance_ufix64"])),
    OWNERSHIP: _owner,
    SETTLED: _settled,
    PLAN: _plan,
    RETIRED_PLAN: lambda item: (("retired plan", RETIRED_PLAN.number(item, "plan_id")), True),
}
