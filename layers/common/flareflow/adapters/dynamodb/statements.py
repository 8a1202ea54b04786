"""Sealed statements in StatementsTable, and the settled totals in LedgerTable."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.tables import LISTED_STATEMENT, SETTLED, STATEMENT
from flareflow.errors import BrokenRuleError
from flareflow.statements.models import Statement, StoredStatement

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

SETTLED_PAGES_MAX: Final = 1_000
"""Query pages read at most, each of up to 1 MB."""


@dataclass(frozen=True, slots=True)
class DynamoStatements:
    """Both ports `Statements`, of sealing and of attesting: an item for each epoch, and a list of the epochs."""

    table: "Table"

    def get(self, epoch: int) -> StoredStatement | None:
        with translating(f"read the statement of epoch {epoch}"):
            item = self.table.get_item(Key=STATEMENT.key(epoch=epoch), ConsistentRead=True).get("Item")
        return StoredStatement(Statement.parse(str(item["body"])), int(str(item["page_count"]))) if item else None

    def before(self, epoch: int) -> StoredStatement | None:
        return self._newest(before=epoch)

    def newest(self) -> Statement | None:
        stored = self._newest(before=None)
        return stored.statement if stored else None

    def _newest(self, before: int | None) -> StoredStatement | None:
        listed = self.list(before, limit=1)
        return self.get(listed[0][0]) if listed else None

    def list(self, before: int | None, limit: int) -> Sequence[tuple[int, bytes]]:
        condition: ConditionBase = Key("pk").eq(LISTED_STATEMENT.partition())
        if before is not None:
            condition &= Key("sk").lt(LISTED_STATEMENT.sort_key(epoch=before))
        with translating("list the statements"):
            items = self.table.query(
                KeyConditionExpression=condition, ScanIndexForward=False, Limit=limit, ConsistentRead=True
            )["Items"]
        return [(LISTED_STATEMENT.number(item, "epoch"), bytes.fromhex(str(item["statement_hash"]))) for item in items]

    def after(self, epoch: int, limit: int) -> Sequence[int]:
        first = LISTED_STATEMENT.sort_key(epoch=epoch + 1)
        with translating("list the statements after an epoch"):
            items = self.table.query(
                KeyConditionExpression=Key("pk").eq(LISTED_STATEMENT.partition()) & Key("sk").gte(first),
                Limit=limit,
                ConsistentRead=True,
            )["Items"]
        return [LISTED_STATEMENT.number(item, "epoch") for item in items]

    def put(self, sealed: StoredStatement) -> None:
        statement = sealed.statement
        listing = LISTED_STATEMENT.key(epoch=statement.epoch)
        body = {
            **STATEMENT.key(epoch=statement.epoch),
            "body": statement.body,
            "settlement_root": statement.settlement_root.hex(),
            "page_count": sealed.page_count,
        }
        try:
            with translating(f"seal the statement of epoch {statement.epoch}"):
                self.table.meta.client.transact_write_items(
                    TransactItems=[
                        self._put_once({**item, "statement_hash": statement.hash.hex()}) for item in (body, listing)
                    ]
                )
        except ConditionFailedError:
            if self.get(statement.epoch) != sealed:
                raise BrokenRuleError(f"epoch {statement.epoch} has another statement already") from None

    def _put_once(self, item: dict[str, Any]) -> Any:
        return {"Put": {"TableName": self.table.name, "Item": item, "ConditionExpression": ABSENT}}


@dataclass(frozen=True, slots=True)
class DynamoSettledTotals:
    """`SettledTotals` from the ledger table."""

    table: "Table"

    def all(self) -> Mapping[int, int]:
        return {
            SETTLED.number(item, "subscription_id"): int(str(item["settled_microtokens"])) for item in self._items()
        }

    def needing_rate(self) -> Set[int]:
        return {SETTLED.number(item, "subscription_id") for item in self._items() if item["needs_rate"]}

    def _items(self) -> Iterator[Item]:
        start: dict[str, Any] = {}
        for _ in range(SETTLED_PAGES_MAX):
            with translating("read the settled totals"):
                answer = self.table.query(KeyConditionExpression=SETTLED.all_of(), ConsistentRead=True, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise BrokenRuleError(f"more than {SETTLED_PAGES_MAX} query pages of settled totals")
