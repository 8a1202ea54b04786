"""AccountsTable: nonces and sessions."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from boto3.dynamodb.conditions import Attr

from flareflow.accounts.models import Session
from flareflow.adapters.dynamodb.account_kinds import NONCE, SESSION
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import EXPIRES_AT, Item
from flareflow.adapters.dynamodb.late_adapter import LateAdapter
from flareflow.json_format import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

_SESSION: Final = LateAdapter(Session)


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
    """`Sessions`: an item for each, under its account. All reads are strongly consistent.

    DynamoDB deletes it some time after it expired.
    """

    table: "Table"

    def open(self, session: Session) -> None:
        with translating("store a session"):
            self.table.put_item(Item=_session_item(session))

    def find(self, address: str, session_id: str) -> Session | None:
        key = SESSION.key(address=address, session_id=session_id)
        with translating("find a session"):
            found = self.table.get_item(Key=key, ConsistentRead=True)
        return _session(found["Item"]) if "Item" in found else None

    def refresh(self, before: Session, after: Session) -> bool:
        try:
            with translating("refresh a session"):
                self.table.put_item(
                    Item=_session_item(after), ConditionExpression=Attr("refresh_hash").eq(before.refresh_hash)
                )
        except ConditionFailedError:
            return False
        return True

    def confirm(self, session: Session) -> None:
        with suppress(ConditionFailedError), translating("confirm the tokens of a session"):
            self.table.update_item(
                Key=SESSION.key(address=session.address, session_id=session.session_id),
                UpdateExpression="SET replaced_hash = :none",
                ConditionExpression="access_hash = :used",
                ExpressionAttributeValues={":none": "", ":used": session.access_hash},
            )

    def of(self, address: str) -> Sequence[Session]:
        with translating("list sessions"):
            found = self.table.query(KeyConditionExpression=SESSION.all_of(address=address), ConsistentRead=True)
        return [_session(item) for item in found["Items"]]

    def end(self, address: str, session_id: str) -> bool:
        key = SESSION.key(address=address, session_id=session_id)
        with translating("end a session"):
            ended = self.table.delete_item(Key=key, ReturnValues="ALL_OLD")
        return "Attributes" in ended


def _session_item(session: Session) -> Item:
    return {
        **SESSION.key(address=session.address, session_id=session.session_id),
        "session_id": session.session_id,
        "address": session.address,
        "created_at": timestamp(session.created_at),
        "refreshed_at": timestamp(session.refreshed_at),
        EXPIRES_AT: int(session.expires_at.timestamp()),
        "access_hash": session.access_hash,
        "access_expires_at": timestamp(session.access_expires_at),
        "refresh_hash": session.refresh_hash,
        "replaced_hash": session.replaced_hash,
        "replaced_until": timestamp(session.replaced_until) if session.replaced_until else None,
        **asdict(session.client),
    }


def _session(item: Item) -> Session:
    return _SESSION.validate_python({**item, "client": item})
