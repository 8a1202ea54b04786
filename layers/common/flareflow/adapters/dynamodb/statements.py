"""Sealed statements in StatementsTable, and the settled totals in LedgerTable."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import ConditionBase, Key

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, Item, ItemKind
from flareflow.adapters.dynamodb.ledger_kinds import HELD_BACK, RATE, SETTLED
from flareflow.adapters.dynamodb.statement_kinds import LISTED_STATEMENT, STATEMENT
from flareflow.errors import BrokenRuleError
from flareflow.statements.models import Statement
from flareflow.statements.ports import Settled
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


RATE_AGE_MAX: Final = timedelta(minutes=15)
"""Three ticks of billing, which reads the rate at each. Without one, a page in dollars cannot be charged."""
SETTLED_PAGES_MAX: Final = 1_000
"""Query pages read at most, each of up to 1 MB."""


@dataclass(frozen=True, slots=True)
class DynamoStatements:
    """Both ports `Statements`, of sealing and of attesting: an item for each epoch, and a list of the epochs."""

    table: "Table"

    def get(self, epoch: int) -> Statement | None:
        with translating(f"read the statement of epoch {epoch}"):
            item = self.table.get_item(Key=STATEMENT.key(epoch=epoch), ConsistentRead=True).get("Item")
        return Statement.parse(str(item["body"])) if item else None

    def before(self, epoch: int) -> Statement | None:
        return self._newest(before=epoch)

    def newest(self) -> Statement | None:
        return self._newest(before=None)

    def _newest(self, before: int | None) -> Statement | None:
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

    def put(self, statement: Statement) -> None:
        body = STATEMENT.key(epoch=statement.epoch) | {"body": statement.body}
        listing = LISTED_STATEMENT.key(epoch=statement.epoch)
        try:
            with translating(f"seal the statement of epoch {statement.epoch}"):
                self.table.meta.client.transact_write_items(
                    TransactItems=[
                        self._put_once({**item, "statement_hash": statement.hash.hex()}) for item in (body, listing)
                    ]
                )
        except ConditionFailedError:
            if self.get(statement.epoch) != statement:
                raise BrokenRuleError(f"epoch {statement.epoch} has another statement already") from None

    def _put_once(self, item: dict[str, Any]) -> Any:
        return {"Put": {"TableName": self.table.name, "Item": item, "ConditionExpression": ABSENT}}


@dataclass(frozen=True, slots=True)
class DynamoSettledTotals:
    """`SettledTotals` from the ledger table."""

    table: "Table"
    pause: Pause

    def all(self) -> Mapping[int, int]:
        """Settled rated micro-tokens of every subscription that the ledger knows."""
        return {
            SETTLED.number(item, "subscription_id"): int(str(item["settled_microtokens"])) for item in self._items()
        }

    def due(self, now: datetime) -> Mapping[int, int]:
        held_back = [item for item in self._items(HELD_BACK) if int(str(item["since"])) <= now.timestamp()]
        if any(item.get("needs_rate") for item in held_back) and not self._has_rate(now):
            held_back = [item for item in held_back if not item.get("needs_rate")]
        return {HELD_BACK.number(item, "subscription_id"): int(str(item["settled_microtokens"])) for item in held_back}

    def _has_rate(self, now: datetime) -> bool:
        """Whether one of the last ticks of billing could read a rate."""
        rates = list(read_items(self.table, [RATE.key()], self.pause))
        return any(now - datetime.fromisoformat(str(item["read_at"])) <= RATE_AGE_MAX for item in rates)

    def _items(self, kind: ItemKind = SETTLED) -> Iterator[Item]:
        start: dict[str, Any] = {}
        for _ in range(SETTLED_PAGES_MAX):
            with translating("read the settled totals"):
                answer = self.table.query(KeyConditionExpression=kind.all_of(), ConsistentRead=True, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise BrokenRuleError(f"more than {SETTLED_PAGES_MAX} query pages of settled totals")

    def of(self, subscription_ids: Collection[int]) -> Mapping[int, Settled]:
        keys = [SETTLED.key(subscription_id=one) for one in subscription_ids]
        found = {SETTLED.number(item, "subscription_id"): item for item in read_items(self.table, keys, self.pause)}
        return {one: _settled_of(found[one]) if one in found else Settled() for one in subscription_ids}


def _settled_of(item: Item) -> Settled:
    since = item["since"]
    chargeable_from = None if since is None else datetime.fromtimestamp(int(since), UTC)
    return Settled(int(item["settled_microtokens"]), item["needs_rate"], item["has_ended"], chargeable_from)
