"""The ledger table: journal, balances, cursor, proposer keys and outgoing transactions.

Three ports of the settlement package."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.errors import translating
from flareflow.adapters.dynamodb.tables import number_key
from flareflow.errors import RaceLostError
from flareflow.json_format import timestamp
from flareflow.settlement.events import Position
from flareflow.settlement.journal import REVENUE, Entry, Posting, Subscription
from flareflow.settlement.transactions import Outgoing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_SUBSCRIPTION: Final = TypeAdapter(Subscription)
_OUTGOING: Final = TypeAdapter(Outgoing)
_ENTRY: Final = TypeAdapter(Entry)
_REVENUE: Final = {"pk": "REVENUE", "sk": "STATE"}
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
        with suppress(RaceLostError), translating("note how far the chain was read"):
            self.table.put_item(
                Item={**_CURSOR, "height": height},
                ConditionExpression="attribute_not_exists(pk) OR height <= :height",
                ExpressionAttributeValues={":height": height},
            )

    def subscription(self, subscription_id: int) -> Subscription | None:
        with translating("read a subscription"):
            item = self.table.get_item(Key=_state_key(subscription_id), ConsistentRead=True).get("Item")
        return _SUBSCRIPTION.validate_python(item) if item else None

    def record(self, posting: Posting) -> bool:
        key = _entry_key(posting.entry)
        with translating("look for a journal entry"):
            known = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        if known:
            return False
        writes = [self._add_entry(posting.entry), *self._add_revenue(posting.entry)]
        if posting.subscription is not None:
            writes += self._put_projections(posting.subscription)
        if posting.subscription is not None and posting.former_owner is not None:
            former = _ownership_key(posting.former_owner, posting.subscription.subscription_id)
            writes.append({"Delete": {"TableName": self.table.name, "Key": former}})
        with translating(f"record the entry {key}"):
            self.table.meta.client.transact_write_items(TransactItems=writes)
        return True

    def _add_entry(self, entry: Entry) -> Any:
        item = _ENTRY.dump_python(entry, mode="json") | _entry_key(entry)
        return self._put(item, ConditionExpression="attribute_not_exists(pk)")

    def _add_revenue(self, entry: Entry) -> list[Any]:
        moved_ufix64 = sum(line.amount_ufix64 for line in entry.lines if line.account == REVENUE)
        if not moved_ufix64:
            return []
        change = {
            "UpdateExpression": "ADD balance_ufix64 :moved",
            "ExpressionAttributeValues": {":moved": moved_ufix64},
        }
        return [{"Update": {"TableName": self.table.name, "Key": _REVENUE, **change}}]

    def _put_projections(self, after: Subscription) -> list[Any]:
        """The state goes only over an older one: the books move in the order of the chain."""
        event = _position_key(after.position)
        state = _SUBSCRIPTION.dump_python(after, mode="json") | _state_key(after.subscription_id)
        settled = {
            "pk": "SETTLED",
            "sk": _subscription_sort_key(after.subscription_id),
            "settled_microtokens": after.settled_microtokens,
        }
        return [
            self._put(
                state | {"last_event": event},
                ConditionExpression="attribute_not_exists(pk) OR last_event < :event",
                ExpressionAttributeValues={":event": event},
            ),
            self._put(settled),
            self._put(_ownership_key(after.owner, after.subscription_id)),
        ]

    def _put(self, item: Mapping[str, Any], **condition: Any) -> Any:
        return {"Put": {"TableName": self.table.name, "Item": item, **condition}}


@dataclass(frozen=True, slots=True)
class DynamoOutbox:
    """`Outbox`: one item for each purpose."""

    table: "Table"

    def get(self, purpose: str) -> Outgoing | None:
        with translating("read an outgoing transaction"):
            item = self.table.get_item(Key=_outgoing_key(purpose), ConsistentRead=True).get("Item")
        return _OUTGOING.validate_json(str(item["record"])) if item else None

    def save(self, outgoing: Outgoing) -> Outgoing:
        saved = replace(outgoing, version=outgoing.version + 1)
        item = {
            **_outgoing_key(saved.purpose),
            "transaction_id": saved.transaction.id,
            "status": saved.status.value,
            "version": saved.version,
            "record": _OUTGOING.dump_json(saved).decode(),
        }
        with translating(f"store the transaction for {saved.purpose}"):
            self.table.put_item(
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR version = :version",
                ExpressionAttributeValues={":version": outgoing.version},
            )
        return saved


@dataclass(frozen=True, slots=True)
class DynamoProposerKeys:
    """`ProposerKeys` of one account: one item for each key that was ever leased."""

    table: "Table"
    address: str

    def lease(self, purpose: str, key_indices: Sequence[int], now: datetime, until: datetime) -> int | None:
        return next((index for index in key_indices if self._take(purpose, index, now, until)), None)

    def release(self, purpose: str, key_index: int) -> None:
        with suppress(RaceLostError), translating("give a proposer key back"):
            self.table.delete_item(
                Key=self._key(key_index),
                ConditionExpression="purpose = :purpose",
                ExpressionAttributeValues={":purpose": purpose},
            )

    def _take(self, purpose: str, key_index: int, now: datetime, until: datetime) -> bool:
        try:
            with translating("lease a proposer key"):
                self.table.put_item(
                    Item={**self._key(key_index), "purpose": purpose, "leased_until": timestamp(until)},
                    ConditionExpression="attribute_not_exists(pk) OR leased_until < :now OR purpose = :purpose",
                    ExpressionAttributeValues={":now": timestamp(now), ":purpose": purpose},
                )
        except RaceLostError:
            return False
        return True

    def _key(self, key_index: int) -> dict[str, str]:
        return {"pk": f"PROPOSER#{self.address}", "sk": f"KEY#{number_key(key_index)}"}


def _state_key(subscription_id: int) -> dict[str, str]:
    return {"pk": f"SUB#{subscription_id}", "sk": "STATE"}


def _ownership_key(owner: str, subscription_id: int) -> dict[str, str]:
    return {"pk": f"OWNER#{owner}", "sk": _subscription_sort_key(subscription_id)}


def _subscription_sort_key(subscription_id: int) -> str:
    return f"SUB#{number_key(subscription_id)}"


def _entry_key(entry: Entry) -> dict[str, str]:
    owner = "REVENUE" if entry.subscription_id is None else f"SUB#{entry.subscription_id}"
    return {"pk": owner, "sk": f"ENTRY#{_position_key(entry.position)}"}


def _position_key(position: Position) -> str:
    return "#".join(number_key(part) for part in position)


def _outgoing_key(purpose: str) -> dict[str, str]:
    return {"pk": f"OUTGOING#{purpose}", "sk": "TRANSACTION"}
