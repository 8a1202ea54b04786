"""AccountsTable: nonces, sessions, virtual keys and idempotent requests (keys: see `tables`)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from boto3.dynamodb.conditions import Attr, Key
from pydantic import TypeAdapter

from flareflow.accounts.models import KeyStatus, Session, VirtualKey
from flareflow.accounts.ports import KeyRequestClaim
from flareflow.adapters.dynamodb.errors import translating
from flareflow.errors import RaceLostError
from flareflow.json_format import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

KEYS_LISTED_MAX: Final = 200

type Item = dict[str, Any]

_SESSION: Final = TypeAdapter(Session)
_KEY: Final = TypeAdapter(VirtualKey)


@dataclass(frozen=True, slots=True)
class DynamoNonces:
    """`Nonces` as items that are deleted once."""

    table: "Table"

    def put(self, nonce: str, expires_at: datetime) -> None:
        item: Item = {"pk": f"NONCE#{nonce}", "sk": "NONCE", "expires_at": int(expires_at.timestamp())}
        with translating("keep a nonce"):
            self.table.put_item(Item=item)

    def consume(self, nonce: str, now: datetime) -> bool:
        try:
            with translating("use up a nonce"):
                self.table.delete_item(
                    Key={"pk": f"NONCE#{nonce}", "sk": "NONCE"},
                    ConditionExpression=Attr("expires_at").gt(int(now.timestamp())),
                )
        except RaceLostError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DynamoSessions:
    """`Sessions` as items that DynamoDB removes some time after they expire."""

    table: "Table"

    def put(self, token_hash: str, session: Session) -> None:
        item: Item = {
            "pk": f"SESSION#{token_hash}",
            "sk": "SESSION",
            "address": session.address,
            "expires_at": int(session.expires_at.timestamp()),
        }
        with translating("keep a session"):
            self.table.put_item(Item=item)

    def find(self, token_hash: str) -> Session | None:
        with translating("find a session"):
            found = self.table.get_item(Key={"pk": f"SESSION#{token_hash}", "sk": "SESSION"})
        return _SESSION.validate_python(found["Item"]) if "Item" in found else None


@dataclass(frozen=True, slots=True)
class DynamoVirtualKeys:
    """`VirtualKeys`: `KEY#` says whose a key is and never changes, `SUB#` has the rest."""

    table: "Table"

    def find(self, key_hash: str) -> VirtualKey | None:
        with translating("find a key"):
            owner = self.table.get_item(Key=_owner_key(key_hash), ConsistentRead=True).get("Item")
            if owner is None:
                return None
            subscription_id = TypeAdapter(int).validate_python(owner["subscription_id"])
            found = self.table.get_item(Key=_key_key(subscription_id, key_hash), ConsistentRead=True)
        return _KEY.validate_python(found["Item"])

    def of_subscription(self, subscription_id: int) -> Sequence[VirtualKey]:
        with translating("list keys"):
            found = self.table.query(
                KeyConditionExpression=Key("pk").eq(f"SUB#{subscription_id}") & Key("sk").begins_with("KEY#"),
                ConsistentRead=True,
                Limit=KEYS_LISTED_MAX,
            )
        keys = [_KEY.validate_python(item) for item in found["Items"]]
        return sorted(keys, key=lambda key: key.created_at)

    def mark(self, key: VirtualKey, status: KeyStatus) -> bool:
        try:
            with translating("mark a key"):
                self.table.update_item(
                    Key=_key_key(key.subscription_id, key.key_hash),
                    UpdateExpression="SET #status = :status",
                    ConditionExpression=Attr("status").ne(KeyStatus.DELETED.value) & Attr("pk").exists(),
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={":status": status.value},
                )
        except RaceLostError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class DynamoKeyRequests:
    """`KeyRequests` as one item for each idempotency key, with a lease while it is carried out."""

    table: "Table"

    def find(self, owner: str, idempotency_key: str) -> KeyRequestClaim | None:
        with translating("find a key request"):
            found = self.table.get_item(Key=_request_key(owner, idempotency_key), ConsistentRead=True)
        item = found.get("Item")
        if item is None:
            return None
        facts = item | {"owner": owner, "idempotency_key": idempotency_key}
        return TypeAdapter(KeyRequestClaim).validate_python(facts)

    def claim(self, claim: KeyRequestClaim, now: datetime) -> None:
        item = _request_key(claim.owner, claim.idempotency_key) | {
            "request_hash": claim.request_hash,
            "state": "started",
            "lease_until": timestamp(claim.lease_until),
        }
        over = Attr("state").eq("started") & Attr("lease_until").lte(timestamp(now))
        with translating("claim a key request"):
            self.table.put_item(Item=item, ConditionExpression=Attr("pk").not_exists() | over)

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
        except RaceLostError:
            return

    def finish(self, claim: KeyRequestClaim, key: VirtualKey) -> None:
        with translating("record a new key"):
            self.table.meta.client.transact_write_items(
                TransactItems=[
                    {"Update": self._done(claim, key.key_hash)},
                    {"Put": {"TableName": self.table.name, "Item": _owner_item(key)}},
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


def _owner_key(key_hash: str) -> Item:
    return {"pk": f"KEY#{key_hash}", "sk": "KEY"}


def _key_key(subscription_id: int, key_hash: str) -> Item:
    return {"pk": f"SUB#{subscription_id}", "sk": f"KEY#{key_hash}"}


def _request_key(owner: str, idempotency_key: str) -> Item:
    return {"pk": f"IDEMPOTENCY#{owner}#{idempotency_key}", "sk": "REQUEST"}


def _owner_item(key: VirtualKey) -> Item:
    return _owner_key(key.key_hash) | {"subscription_id": key.subscription_id}


def _key_item(key: VirtualKey) -> Item:
    facts = asdict(key) | {"status": key.status.value, "created_at": timestamp(key.created_at)}
    return _key_key(key.subscription_id, key.key_hash) | facts
