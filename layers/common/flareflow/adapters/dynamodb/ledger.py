"""LedgerTable as settlement writes it: journal, balances, chain cursor, proposer keys and outgoing transactions."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from flareflow.adapters.dynamodb.batches import read_items
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, Item
from flareflow.adapters.dynamodb.ledger_items import (
    PLAN_VERSION,
    plan_of,
    read_height,
    read_subscription,
    subscription_of,
)
from flareflow.adapters.dynamodb.ledger_kinds import (
    CHAIN_CURSOR,
    LEDGER_COMPLETE,
    OUTGOING,
    PLAN,
    PROPOSER_KEY,
    RETIRED_PLAN,
    SET_ASIDE,
    SUBSCRIPTION,
)
from flareflow.adapters.dynamodb.postings import Write, Writes, key_of, set_aside_key
from flareflow.json_format import timestamp
from flareflow.settlement.journal import Posting, SettingAside
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.positions import SetAside
from flareflow.settlement.subscription import Subscription
from flareflow.settlement.transactions import Outgoing
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_OUTGOING: Final = TypeAdapter(Outgoing)
_SET_ASIDE: Final = TypeAdapter(SetAside)


@dataclass(frozen=True, slots=True)
class DynamoLedger:
    """`Ledger`: each DynamoDB transaction stores some entries with everything that follows from them."""

    table: "Table"
    pause: Pause

    def read_to(self) -> int | None:
        return read_height(self.table)

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

    def subscriptions_by_id(self, ids: Collection[int]) -> Mapping[int, Subscription]:
        keys = [SUBSCRIPTION.key(subscription_id=subscription_id) for subscription_id in ids]
        found = map(subscription_of, read_items(self.table, keys, self.pause))
        return {subscription.subscription_id: subscription for subscription in found}

    def plan(self, plan_id: int, plan_version: int) -> PlanVersion | None:
        key = PLAN.key(plan_id=plan_id, plan_version=plan_version)
        with translating("read a plan"):
            item = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        return plan_of(item) if item else None

    def add_plan(self, plan: PlanVersion) -> None:
        key = PLAN.key(plan_id=plan.plan_id, plan_version=plan.plan_version)
        content = PLAN_VERSION.dump_python(plan, mode="json", exclude={"is_retired"})
        with translating("store a plan"):
            self.table.put_item(Item=content | key)

    def retire_plan(self, plan_id: int) -> None:
        with translating("store that a plan is retired"):
            self.table.put_item(Item=RETIRED_PLAN.key(plan_id=plan_id))

    def record(self, postings: Sequence[Posting | SettingAside]) -> int:
        return sum(self._record(write) for write in Writes(self.table.name).of(postings))

    def _record(self, write: Write) -> int:
        """How many of the entries are new: all or, where another invocation has written the same, none."""
        try:
            with translating(f"record {len(write.postings)} entries for {key_of(write.postings[0])}"):
                self.table.meta.client.transact_write_items(TransactItems=list(write.actions))
        except ConditionFailedError:
            if not self._are_stored(write):
                raise
            return 0
        return sum(isinstance(posting, Posting) for posting in write.postings)

    def _are_stored(self, write: Write) -> bool:
        keys = [key_of(posting) for posting in write.postings]
        return len(list(read_items(self.table, keys, self.pause))) == len(keys)

    def set_aside(self, limit: int) -> Sequence[SetAside]:
        found: list[SetAside] = []
        query: dict[str, Any] = {"KeyConditionExpression": SET_ASIDE.all_of(), "ConsistentRead": True}
        for _ in range(limit):
            with translating("list the events that are set aside"):
                answer = self.table.query(Limit=limit - len(found), **query)
            found += map(_SET_ASIDE.validate_python, answer["Items"])
            if "LastEvaluatedKey" not in answer or len(found) >= limit:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    def forget(self, aside: SetAside) -> None:
        with translating("delete an event that was set aside"):
            self.table.delete_item(Key=set_aside_key(aside))


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
