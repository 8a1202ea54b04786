"""LedgerTable as settlement writes it: journal, balances, chain cursor, proposer keys and outgoing transactions."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.tables import (
    CHAIN_CURSOR,
    JOURNAL_ENTRY,
    LEDGER_COMPLETE,
    OUTGOING,
    OWNERSHIP,
    PLAN,
    PROPOSER_KEY,
    RETIRED_PLAN,
    REVENUE,
    REVENUE_ENTRY,
    SETTLED,
    SUBSCRIPTION,
)
from flareflow.json_format import timestamp
from flareflow.settlement.journal import REVENUE as REVENUE_ACCOUNT
from flareflow.settlement.journal import Entry, Posting, Subscription
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.transactions import Outgoing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_SUBSCRIPTION: Final = TypeAdapter(Subscription)
_OUTGOING: Final = TypeAdapter(Outgoing)
_ENTRY: Final = TypeAdapter(Entry)
_PLAN: Final = TypeAdapter(PlanVersion)


def read_subscription(table: "Table", subscription_id: int) -> Subscription | None:
    """A subscription as of the last event in the journal; None before its first."""
    with translating("read a subscription"):
        found = table.get_item(Key=SUBSCRIPTION.key(subscription_id=subscription_id), ConsistentRead=True)
    return subscription_of(found["Item"]) if "Item" in found else None


def subscription_of(item: Mapping[str, Any]) -> Subscription:
    return _SUBSCRIPTION.validate_python(item)


def plan_of(item: Mapping[str, Any]) -> PlanVersion:
    return _PLAN.validate_python(item)


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """`Ledger`: each event is one DynamoDB transaction, with everything that follows from it."""

    table: "Table"

    def read_to(self) -> int | None:
        with translating("read how far the chain was read"):
            item = self.table.get_item(Key=CHAIN_CURSOR.key(), ConsistentRead=True).get("Item")
        return int(str(item["height"])) if item else None

    def advance(self, height: int) -> None:
        with suppress(ConditionFailedError), translating("store how far the chain was read"):
            self.table.put_item(
                Item={**CHAIN_CURSOR.key(), "height": height},
                ConditionExpression=f"{ABSENT} OR height <= :height",
                ExpressionAttributeValues={":height": height},
            )

    def note_complete(self, at: datetime) -> None:
        with translating("store when the ledger was complete"):
            self.table.put_item(Item={**LEDGER_COMPLETE.key(), "at": timestamp(at)})

    def subscription(self, subscription_id: int) -> Subscription | None:
        return read_subscription(self.table, subscription_id)

    def plan(self, plan_id: int, plan_version: int) -> PlanVersion | None:
        key = PLAN.key(plan_id=plan_id, plan_version=plan_version)
        with translating("read a plan"):
            item = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        return plan_of(item) if item else None

    def add_plan(self, plan: PlanVersion) -> None:
        key = PLAN.key(plan_id=plan.plan_id, plan_version=plan.plan_version)
        content = _PLAN.dump_python(plan, mode="json", exclude={"is_retired"})
        with translating("store a plan"):
            self.table.put_item(Item=content | key)

    def retire_plan(self, plan_id: int) -> None:
        with translating("store that a plan is retired"):
            self.table.put_item(Item=RETIRED_PLAN.key(plan_id=plan_id))

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
            former = OWNERSHIP.key(address=posting.former_owner, subscription_id=posting.subscription.subscription_id)
            writes.append({"Delete": {"TableName": self.table.name, "Key": former}})
        with translating(f"record the entry {key}"):
            self.table.meta.client.transact_write_items(TransactItems=writes)
        return True

    def _add_entry(self, entry: Entry) -> Any:
        item = _ENTRY.dump_python(entry, mode="json") | _entry_key(entry)
        return self._put(item, ConditionExpression=ABSENT)

    def _add_revenue(self, entry: Entry) -> list[Any]:
        moved_ufix64 = sum(line.amount_ufix64 for line in entry.lines if line.account == REVENUE_ACCOUNT)
        if not moved_ufix64:
            return []
        change = {
            "UpdateExpression": "ADD balance_ufix64 :moved",
            "ExpressionAttributeValues": {":moved": moved_ufix64},
        }
        return [{"Update": {"TableName": self.table.name, "Key": REVENUE.key(), **change}}]

    def _put_projections(self, after: Subscription) -> list[Any]:
        """The subscription's state, settled total and owner. A state only ever replaces an older one."""
        event = JOURNAL_ENTRY.sort_key(**after.position._asdict())
        subscription_id = after.subscription_id
        state = _SUBSCRIPTION.dump_python(after, mode="json") | SUBSCRIPTION.key(subscription_id=subscription_id)
        settled = {
            **SETTLED.key(subscription_id=subscription_id),
            "settled_microtokens": after.settled_microtokens,
            "needs_rate": after.tariff.needs_rate,
        }
        return [
            self._put(
                state | {"last_event": event},
                ConditionExpression=f"{ABSENT} OR last_event < :event",
                ExpressionAttributeValues={":event": event},
            ),
            self._put(settled),
            self._put(OWNERSHIP.key(address=after.owner, subscription_id=subscription_id)),
        ]

    def _put(self, item: Mapping[str, Any], **condition: Any) -> Any:
        return {"Put": {"TableName": self.table.name, "Item": item, **condition}}


@dataclass(frozen=True, slots=True)
class DynamoOutbox:
    """`Outbox`: an item for each purpose."""

    table: "Table"

    def get(self, purpose: str) -> Outgoing | None:
        with translating("read an outgoing transaction"):
            item = self.table.get_item(Key=OUTGOING.key(purpose=purpose), ConsistentRead=True).get("Item")
        return _OUTGOING.validate_json(str(item["record"])) if item else None

    def save(self, outgoing: Outgoing) -> Outgoing:
        saved = replace(outgoing, version=outgoing.version + 1)
        item = {
            **OUTGOING.key(purpose=saved.purpose),
            "transaction_id": saved.transaction.id,
            "status": saved.status.value,
            "version": saved.version,
            "record": _OUTGOING.dump_json(saved).decode(),
        }
        with translating(f"store the transaction for {saved.purpose}"):
            self.table.put_item(
                Item=item,
                ConditionExpression=f"{ABSENT} OR version = :version",
                ExpressionAttributeValues={":version": outgoing.version},
            )
        return saved


@dataclass(frozen=True, slots=True)
class DynamoProposerKeys:
    """`ProposerKeys` of one account: an item for each leased key."""

    table: "Table"
    address: str

    def lease(self, purpose: str, key_indices: Sequence[int], now: datetime, until: datetime) -> int | None:
        return next((index for index in key_indices if self._take(purpose, index, now, until)), None)

    def release(self, purpose: str, key_index: int) -> None:
        with suppress(ConditionFailedError), translating("give a proposer key back"):
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
                    ConditionExpression=f"{ABSENT} OR leased_until < :now OR purpose = :purpose",
                    ExpressionAttributeValues={":now": timestamp(now), ":purpose": purpose},
                )
        except ConditionFailedError:
            return False
        return True

    def _key(self, key_index: int) -> Item:
        return PROPOSER_KEY.key(address=self.address, key_index=key_index)


def _entry_key(entry: Entry) -> Item:
    position = entry.position._asdict()
    if entry.subscription_id is None:
        return REVENUE_ENTRY.key(**position)
    return JOURNAL_ENTRY.key(subscription_id=entry.subscription_id, **position)
