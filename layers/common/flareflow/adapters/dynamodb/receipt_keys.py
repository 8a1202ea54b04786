"""The keys that sign receipts, in UsageTable."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from flareflow.adapters.dynamodb.book_kinds import RECEIPT_KEYS_IN_FORCE
from flareflow.adapters.dynamodb.epoch_usage import check_of_not_opened
from flareflow.adapters.dynamodb.errors import ConditionFailedError, translating
from flareflow.adapters.dynamodb.keys import ABSENT, KEY_NUMBER_MAX
from flareflow.errors import ConflictError
from flareflow.metering.receipts import ReceiptKeys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


@dataclass(frozen=True, slots=True)
class DynamoReceiptKeys:
    """`ReceiptKeyRegister` over UsageTable."""

    table: "Table"

    def in_force(self, epoch: int) -> ReceiptKeys | None:
        found = self._last_until(epoch)
        return ReceiptKeys.model_validate_json(str(found["text"])) if found else None

    def put_in_force(self, keys: ReceiptKeys, from_epoch: int) -> None:
        last = self._last_until(KEY_NUMBER_MAX)
        self._check(keys, from_epoch, last)
        item = RECEIPT_KEYS_IN_FORCE.key(epoch=from_epoch) | {"text": keys.canonical_json}
        actions: Any = [
            {"ConditionCheck": {"TableName": self.table.name, **check_of_not_opened(from_epoch)}},
            {"Put": {"TableName": self.table.name, "Item": item, "ConditionExpression": ABSENT}},
        ]
        try:
            with translating(f"put receipt keys in force from epoch {from_epoch}"):
                self.table.meta.client.transact_write_items(TransactItems=actions)
        except ConditionFailedError as error:
            raise _has_its_keys(from_epoch) from error

    def _check(self, keys: ReceiptKeys, from_epoch: int, last: dict[str, Any] | None) -> None:
        if last is None:
            return
        if last["sk"] >= RECEIPT_KEYS_IN_FORCE.sort_key(epoch=from_epoch):
            raise _has_its_keys(from_epoch)
        if not keys.keeps_all_of(ReceiptKeys.model_validate_json(str(last["text"]))):
            raise ConflictError("receipt_key_dropped", "A key that has signed receipts stays, with its last epoch.")

    def _last_until(self, epoch: int) -> dict[str, Any] | None:
        first, last = (RECEIPT_KEYS_IN_FORCE.sort_key(epoch=one) for one in (0, epoch))
        started = Key("pk").eq(RECEIPT_KEYS_IN_FORCE.partition()) & Key("sk").between(first, last)
        with translating(f"find the receipt keys of epoch {epoch}"):
            found = self.table.query(
                KeyConditionExpression=started, ScanIndexForward=False, Limit=1, ConsistentRead=True
            )["Items"]
        return found[0] if found else None


def _has_its_keys(epoch: int) -> ConflictError:
    message = f"epoch {epoch} is open or over, or receipt keys begin with it or later already"
    return ConflictError("epoch_has_its_receipt_keys", message)
