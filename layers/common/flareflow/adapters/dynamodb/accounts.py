"""AccountsTable: nonces, sessions, virtual keys and idempotent requests."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr
from pydantic import TypeAdapter

from flareflow.accounts.models import KeyStatus, Session, VirtualKey
from flareflow.accounts.ports import KeyRequestClaim
from flareflow.adapters.dynamodb.account_kinds import HASHED_KEY, KEY_OWNER, KEY_REQUEST, NONCE, SESSION, VIRTUAL_KEY
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, Item
from flareflow.json_format import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEYS_LISTED_MAX: Final = 200

_SESSION: Final = TypeAdapter(Session)
_KEY: Final = TypeAdapter(VirtualKey)
_CLAIM: Final = TypeAdapter(KeyRequestClaim)
_NUMBER: Final = TypeAdapter(int)


@dataclass(frozen=True, slots=True)
class DynamoNonces:
    """`Nonces`: an item for each, deleted by its use."""

    table: "Table"

    def put(self, nonce: str, expires_at: datetime) -> None:
        item = NONCE.key(nonce=nonce) | {EXPIRES_AT: int(expires_at.timestamp())}
        with translating("store a nonce"):
            self.table.put_item(Item=item)

    def consume(self, nonce: str, now: datetime) -> bool:
        try:
            with translating("use up a nonce"):
                self.table.delete_item(
                    Key=NONCE.key(nonce=nonce),
                    ConditionExpression=Attr(EXPIRES_AT).gt(int(now.timestamp())),
                )
        except ConditionFailedError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DynamoSessions:
    """`Sessions`: an item for each, deleted by DynamoDB some time after it expired."""

    table: "Table"

    def put(self, token_hash: str, session: Session) -> None:
        item = SESSION.key(token_hash=token_hash) | {
            "address": session.address,
            EXPIRES_AT: int(session.expires_at.timestamp()),
        }
        with translating("store a session"):
            self.table.put_item(Item=item)

    def find(self, token_hash: str) -> Session | None:
        with translating("find a session"):
            found = self.table.get_item(Key=SESSION.key(token_hash=token_hash))
        return _SESSION.validate_python(found["Item"]) if "Item" in found else None


@dataclass(frozen=True, slots=True)
class DynamoVirtualKeys:
    """`VirtualKeys`: one item names the subscription of a key and never changes, another holds the key itself."""

    table: "Table"

    def find(self, key_hash: str) -> VirtualKey | None:
        with translating("find a key"):
            owner = self.table.get_item(Key=KEY_OWNER.key(key_hash=key_hash), ConsistentRead=True).get("Item")
            if owner is None:
                return None
            subscription_id = _NUMBER.validate_python(owner["subscription_id"])
            found = self.table.get_item(
                Key=VIRTUAL_KEY.key(subscription_id=subscription_id, key_hash=key_hash), ConsistentRead=True
            )
        return _KEY.validate_python(found["Item"])

    def of_subscription(self, subscription_id: int) -> Sequence[VirtualKey]:
        with translating("list keys"):
            found = self.table.query(
                KeyConditionExpression=VIRTUAL_KEY.all_of(subscription_id=subscription_id),
                ConsistentRead=True,
                Limit=KEYS_LISTED_MAX,
            )
        keys = [_KEY.validate_python(item) for item in found["Items"]]
        return sorted(keys, key=lambda key: key.created_at)

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        try:
            with translating("change the status of a key"):
                self.table.update_item(
                    Key=VIRTUAL_KEY.key(subscription_id=key.subscription_id, key_hash=key.key_hash),
                    UpdateExpression="SET #status = :status",
                    ConditionExpression=Attr("status").ne(KeyStatus.DELETED.value) & Attr("pk").exists(),
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={":status": status.value},
                )
        except ConditionFailedError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DynamoKeyRequests:
    """`KeyRequests`: an item for each idempotency key, with a lease while the request is carried out."""

    table: "Table"

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

    def finish(self, claim: KeyRequestClaim, key: VirtualKey) -> None:
        with translating("record a new key"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Update": self._done(claim, key.key_hash)},
                    {"Put": {"TableName": self.table.name, "Item": _owner_item(key)}},
                    {"Put": {"TableName": self.table.name, "Item": _hashed_item(key)}},
                    {"Put": {"TableName": self.table.name, "Item": _key_item(key)}},
                ]
            )

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


def _owner_item(key: VirtualKey) -> Item:
    return KEY_OWNER.key(key_hash=key.key_hash) | {"subscription_id": key.subscription_id}


def _hashed_item(key: VirtualKey) -> Item:
    return HASHED_KEY.key(hashed_twice=hashlib.sha256(key.key_hash.encode()).hexdigest())


def _key_item(key: VirtualKey) -> Item:
    attributes = asdict(key) | {"status": key.status.value, "created_at": timestamp(key.created_at)}
    return VIRTUAL_KEY.key(subscription_id=key.subscription_id, key_hash=key.key_hash) | attributes
