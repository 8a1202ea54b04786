"""The ledger table: journal, balances, cursor, proposer keys and outgoing transactions; four ports of settlement."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.errors import RaceLostError
from flareflow.plain import timestamp
from flareflow.settlement.journal import REVENUE, Entry, Posting, Subscription
from flareflow.settlement.transactions import Outgoing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_SUBSCRIPTION: Final = TypeAdapter(Subscription)
_OUTGOING: Final = TypeAdapter(Outgoing)
_CURSOR: Final = {"pk": "CHAIN", "sk": "CURSOR"}


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """`Ledger`: one DynamoDB transaction for each event, with everything that follows from it."""

    table: "Table"

    def read_to(self) -> int | None:
        with translating("read how far the chain was read"):
            item = self.table.get_item(Key=_CURSOR, ConsistentRead=True).get("Item")
        return int(str(item["height"])) if item else None

    def advance(self, height: int) -> None:
        try:
            with translating("note how far the chain was read"):
                self.table.put_item(
                    Item={**_CURSOR, "height": height},
                    ConditionExpression="attribute_not_exists(height) OR height <= :height",
                    ExpressionAttributeValues={":height": height},
                )
        except RaceLostError:
            return

    def subscription(self, subscription_id: int) -> Subscription | None:
        with translating("read a subscription"):
            item = self.table.get_item(Key=_state_key(subscription_id), ConsistentRead=True).get("Item")
        return _SUBSCRIPTION.validate_python(item) if item else None

    def record(self, posting: Posting) -> bool:
        entry = posting.entry
        with translating("look for a journal entry"):
            known = self.table.get_item(Key=_entry_key(entry), ConsistentRead=True).get("Item")
        if known:
            return False
        with translating(f"record the entry at {entry.position}"):
            self.table.meta.client.transact_write_items(TransactItems=self._writes(posting))
        return True

    def _writes(self, posting: Posting) -> list[Any]:
        writes = [self._put(_entry_item(posting.entry), "attribute_not_exists(pk)")]
        moved = sum(line.amount_ufix64 for line in posting.entry.lines if line.account == REVENUE)
        if moved:
            writes.append(self._add_revenue(moved))
        if posting.subscription is not None:
            writes += self._projections(posting.subscription)
        return writes

    def _projections(self, after: Subscription) -> list[Any]:
        sort_key = f"SUB#{number_key(after.subscription_id)}"
        settled = {"pk": "SETTLED", "sk": sort_key, "settled_microtokens": after.settled_microtokens}
        return [
            self._put_state(after),
            self._put(settled),
            self._put({"pk": f"OWNER#{after.owner}", "sk": sort_key}),
        ]

    def _put_state(self, after: Subscription) -> Any:
        """Only over a state that is older: the books move in the order of the chain."""
        item = {**_state_key(after.subscription_id), **asdict(after)}
        item |= {"position": list(after.position), "sequence": _position_key(after.position)}
        older = "attribute_not_exists(pk) OR #sequence < :sequence"
        put = self._put(item, older)
        put["Put"]["ExpressionAttributeNames"] = {"#sequence": "sequence"}
        put["Put"]["ExpressionAttributeValues"] = {":sequence": item["sequence"]}
        return put

    def _put(self, item: Mapping[str, Any], condition: str | None = None) -> Any:
        put = {"TableName": self.table.name, "Item": item}
        return {"Put": put | ({"ConditionExpression": condition} if condition else {})}
