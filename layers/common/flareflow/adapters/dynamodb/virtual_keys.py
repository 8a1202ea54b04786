"""AccountsTable: virtual keys, and the idempotent requests that make them."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr

from flareflow.accounts.models import CursorPage, KeyLimits, KeyStatus, Standing, VirtualKey
from flareflow.accounts.ports import KEYS_PER_SUBSCRIPTION_MAX, KeyRequestClaim
from flareflow.adapters.dynamodb.account_kinds import DELETED_KEY, KEY_REQUEST, LIVING_KEYS, VIRTUAL_KEY
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.key_owner_kinds import HASHED_KEY, KEY_OWNER
from flareflow.adapters.dynamodb.keys import Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.adapters.dynamodb.ledger_kinds import STANDING
from flareflow.adapters.dynamodb.paging import next_cursor, starting_after
from flareflow.errors import RaceLostError
from flareflow.json_format import timestamp
from flareflow.time import Pause

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEYS_LISTED_MAX: Final = 100
FINISH_ATTEMPTS: Final = 8
FINISH_PAUSE_SECONDS: Final = 0.05

_KEY: Final = LateAdapter(VirtualKey)
_CLAIM: Final = LateAdapter(KeyRequestClaim)
_NUMBER: Final = LateAdapter(int)


@dataclass(frozen=True, slots=True)
class DynamoVirtualKeys:
    """`VirtualKeys`: one item names the subscription of a key and never changes, another holds the key itself.

    Deleted keys have another sort key. Living ones fit into one answer, since their number is limited.
    """

    table: "Table"

    def find(self, key_hash: str) -> VirtualKey | None:
        with translating("find a key"):
            owner = self.table.get_item(Key=KEY_OWNER.key(key_hash=key_hash), ConsistentRead=True).get("Item")
        if owner is None:
            return None
        subscription_id = _NUMBER.validate_python(owner["subscription_id"])
        for kind in (VIRTUAL_KEY, DELETED_KEY):  # in this order: a key can only go from the first to the second
            with translating("find a key"):
                found = self.table.get_item(
                    Key=kind.key(subscription_id=subscription_id, key_hash=key_hash), ConsistentRead=True
                )
            if "Item" in found:
                return _KEY.validate_python(found["Item"])
        return None

    def living(self, subscription_id: int) -> Sequence[VirtualKey]:
        with translating("list keys"):
            found = self.table.query(
                KeyConditionExpression=VIRTUAL_KEY.all_of(subscription_id=subscription_id), ConsistentRead=True
            )
        return sorted((_KEY.validate_python(item) for item in found["Items"]), key=lambda key: key.created_at)

    def deleted(self, subscription_id: int, cursor: str | None) -> CursorPage[VirtualKey]:
        with translating("list deleted keys"):
            found = self.table.query(
                KeyConditionExpression=DELETED_KEY.all_of(subscription_id=subscription_id),
                ConsistentRead=True,
                Limit=KEYS_LISTED_MAX,
                **starting_after(DELETED_KEY, DELETED_KEY.partition(subscription_id=subscription_id), cursor),
            )
        return CursorPage([_KEY.validate_python(item) for item in found["Items"]], next_cursor(DELETED_KEY, found))

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        if status is KeyStatus.DELETED:
            return self._delete(key)
        return self._set(key, status=status.value)

    def note_budget(self, key: VirtualKey, budget_microusd: int) -> None:
        self._set(key, budget_microusd=budget_microusd)

    def note_limits(self, key: VirtualKey, limits: KeyLimits) -> None:
        self._set(key, limits=_limits_item(limits))

    def change(self, key: VirtualKey) -> bool:
        return self._set(key, alias=key.alias, cap_microtokens=key.cap_microtokens)

    def _set(self, key: VirtualKey, **values: str | int | Item | None) -> bool:
        try:
            with translating(f"change the {' and '.join(values)} of a key"):
                self.table.update_item(
                    Key=VIRTUAL_KEY.key(subscription_id=key.subscription_id, key_hash=key.key_hash),
                    UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
                    ConditionExpression=Attr("pk").exists(),
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
                )
        except ConditionFailedError:
            return False
        return True

    def _delete(self, key: VirtualKey) -> bool:
        table = self.table.name
        before, after = (
            kind.key(subscription_id=key.subscription_id, key_hash=key.key_hash) for kind in (VIRTUAL_KEY, DELETED_KEY)
        )
        deleted = _attributes(key) | {"status": KeyStatus.DELETED.value} | after
        living: Any = {"TableName": table, "Key": before, "ConditionExpression": "attribute_exists(pk)"}
        try:
            with translating("delete a key"):
                self.table.meta.client.transact_write_items(
                    TransactItems=[
                        {"Delete": living},
                        {"Put": {"TableName": table, "Item": deleted}},
                        {"Update": _one_key_fewer(table, key.subscription_id)},
                    ]
                )
        except ConditionFailedError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DynamoKeyRequests:
    """`KeyRequests`: an item for each idempotency key, with a lease while the request is carried out.

    `ledger` is LedgerTable, which has the standings.
    """

    table: "Table"
    ledger: "Table"
    pause: Pause = time.sleep

    def find(self, owner: str, idempotency_key: str) -> KeyRequestClaim | None:
        with translating("find a key request"):
            found = self.table.get_item(Key=_request_key(owner, idempotency_key), ConsistentRead=True)
        item = found.get("Item")
        if item is None:
            return None
        return _CLAIM.validate_python(item | {"owner": owner, "idempotency_key": idempotency_key})

    def claim(self, claim: KeyRequestClaim, now: datetime) -> None:
        item = _request_key(claim.owner, claim.idempotency_key) | {
            "request_hash": claim.request_hash,
            "state": "started",
            "lease_until": timestamp(claim.lease_until),
        }
        lease_is_over = Attr("state").eq("started") & Attr("lease_until").lte(timestamp(now))
        with translating("claim a key request"):
            self.table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists() | lease_is_over)

    def release(self, claim: KeyRequestClaim, now: datetime) -> None:
        try:
            with translating("release a key request"):
                self.table.update_item(
                    Key=_request_key(claim.owner, claim.idempotency_key),
                    UpdateExpression="SET lease_until = :now",
                    ConditionExpression=Attr("state").eq("started")
                    & Attr("lease_until").eq(timestamp(claim.lease_until)),
                    ExpressionAttributeValues={":now": timestamp(now)},
                )
        except ConditionFailedError:
            return

    def finish(self, claim: KeyRequestClaim, key: VirtualKey, replaced: VirtualKey | None = None) -> None:
        """Requests for one subscription at the same time conflict, and are written one after the other."""
        for attempt in range(FINISH_ATTEMPTS):
            try:
                self._finish(claim, key, replaced)
            except ConditionFailedError:
                raise
            except RaceLostError:
                if attempt == FINISH_ATTEMPTS - 1:
                    raise
                self.pause(FINISH_PAUSE_SECONDS * (attempt + 1))
            else:
                return

    def _finish(self, claim: KeyRequestClaim, key: VirtualKey, replaced: VirtualKey | None) -> None:
        ended: list[Any] = [] if replaced is None else [{"Update": self._ended(replaced, key)}]
        others = (one for one in key.shares_cap_with if one != key.replaces)
        sharing: list[Any] = [{"Update": self._sharing(one, key)} for one in others]
        with translating("record a new key"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    *ended,
                    *sharing,
                    {"Update": self._done(claim, key.key_hash)},
                    {"ConditionCheck": self._is_allowed(key)},
                    {"Update": _one_key_more(self.table.name, key.subscription_id)},
                    {"Put": {"TableName": self.table.name, "Item": _owner_item(key)}},
                    {"Put": {"TableName": self.table.name, "Item": _hashed_item(key)}},
                    {"Put": {"TableName": self.table.name, "Item": _key_item(key)}},
                ]
            )

    def _ended(self, replaced: VirtualKey, key: VirtualKey) -> Any:
        before = replaced.shares_cap_with
        after = {**before, key.key_hash: 0} if key.shares_cap_with else before
        is_as_read = "(attribute_not_exists(shares_cap_with) OR shares_cap_with = :before)"
        return {
            "TableName": self.table.name,
            "Key": VIRTUAL_KEY.key(subscription_id=replaced.subscription_id, key_hash=replaced.key_hash),
            "UpdateExpression": "SET limits = :limits, shares_cap_with = :after",
            "ConditionExpression": f"attribute_exists(pk) AND {is_as_read}",
            "ExpressionAttributeValues": {
                ":limits": _limits_item(replaced.limits),
                ":before": before,
                ":after": after,
            },
        }

    def _sharing(self, other_hash: str, key: VirtualKey) -> Any:
        """Another key shares its cap with the new one too, and has shared it with the replaced one before."""
        return {
            "TableName": self.table.name,
            "Key": VIRTUAL_KEY.key(subscription_id=key.subscription_id, key_hash=other_hash),
            "UpdateExpression": "SET shares_cap_with.#new = :nothing",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {"#new": key.key_hash},
            "ExpressionAttributeValues": {":nothing": 0},
        }

    def _is_allowed(self, key: VirtualKey) -> Any:
        """The key's owner owns the subscription, whose standing allows calls."""
        allowing = {f":{one.value}": one.value for one in Standing if one.allows_calls}
        return {
            "TableName": self.ledger.name,
            "Key": STANDING.key(subscription_id=key.subscription_id),
            "ConditionExpression": f"#owner = :owner AND standing IN ({', '.join(allowing)})",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":owner": key.owner, **allowing},
        }

    def _done(self, claim: KeyRequestClaim, key_hash: str) -> Any:
        return {
            "TableName": self.table.name,
            "Key": _request_key(claim.owner, claim.idempotency_key),
            "UpdateExpression": "SET #state = :done, key_hash = :key_hash",
            "ConditionExpression": "#state = :started AND lease_until = :mine",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":done": "done",
                ":started": "started",
                ":mine": timestamp(claim.lease_until),
                ":key_hash": key_hash,
            },
        }


def _request_key(owner: str, idempotency_key: str) -> Item:
    return KEY_REQUEST.key(owner=owner, idempotency_key=idempotency_key)


def _one_key_more(table: str, subscription_id: int) -> Any:
    return {
        "TableName": table,
        "Key": LIVING_KEYS.key(subscription_id=subscription_id),
        "UpdateExpression": "ADD #number :one",
        "ConditionExpression": "attribute_not_exists(#number) OR #number < :most",
        "ExpressionAttributeNames": {"#number": "number"},
        "ExpressionAttributeValues": {":one": 1, ":most": KEYS_PER_SUBSCRIPTION_MAX},
    }


def _one_key_fewer(table: str, subscription_id: int) -> Any:
    return {
        "TableName": table,
        "Key": LIVING_KEYS.key(subscription_id=subscription_id),
        "UpdateExpression": "ADD #number :one",
        "ExpressionAttributeNames": {"#number": "number"},
        "ExpressionAttributeValues": {":one": -1},
    }


def _owner_item(key: VirtualKey) -> Item:
    return KEY_OWNER.key(key_hash=key.key_hash) | {"subscription_id": key.subscription_id}


def _hashed_item(key: VirtualKey) -> Item:
    return HASHED_KEY.key(hashed_twice=hashlib.sha256(key.key_hash.encode()).hexdigest())


def _key_item(key: VirtualKey) -> Item:
    return VIRTUAL_KEY.key(subscription_id=key.subscription_id, key_hash=key.key_hash) | _attributes(key)


def _attributes(key: VirtualKey) -> Item:
    told = {"status": key.status.value, "created_at": timestamp(key.created_at), "limits": _limits_item(key.limits)}
    return asdict(key) | told


def _limits_item(limits: KeyLimits) -> Item:
    """Without what is not limited, so that most keys need a few bytes."""
    expires_at = {"expires_at": timestamp(limits.expires_at)} if limits.expires_at else {}
    return {name: value for name, value in asdict(limits).items() if value} | expires_at
