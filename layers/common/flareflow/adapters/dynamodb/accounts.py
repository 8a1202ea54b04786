"""AccountsTable: nonces, sessions, virtual keys and idempotent requests."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Attr
from pydantic import TypeAdapter

from flareflow.accounts.models import Session, VirtualKey
from flareflow.accounts.ports import KeyRequestClaim
from flareflow.adapters.dynamodb.account_kinds import NONCE, SESSION
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT

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
