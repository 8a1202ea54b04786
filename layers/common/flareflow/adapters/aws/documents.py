"""Leaves and settlement pages in S3, under the root that commits to them.

Each object is written once: two objects under the same root have the same content.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Annotated, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, TypeAdapter

from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.metering.models import USAGE_FIELDS, Usage
from flareflow.statements.models import Leaf, SettlementPage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ROW_NUMBERS: Final = 2 + len(USAGE_FIELDS)

type _Row = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=_ROW_NUMBERS, max_length=_ROW_NUMBERS)]
DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
"""Leaves of about a million subscriptions."""
ROWS: Final = TypeAdapter(list[_Row])


@contextmanager
def _translating(what: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, ValueError) as error:
        raise StorageUnavailableError(f"S3 could not {what}: {error}") from error


@dataclass(frozen=True, slots=True)
class S3Documents:
    """`Documents` in one bucket."""

    s3: "S3Client"
    bucket: str

    def put_leaves(self, epoch: int, usage_root: bytes, leaves: Sequence[Leaf]) -> None:
        rows = [[leaf.subscription_id, leaf.epoch_of_last_change, *astuple(leaf.usage)] for leaf in leaves]
        self._put(_leaves_key(epoch, usage_root), json.dumps(rows, separators=(",", ":")), "application/json")

    def leaves(self, epoch: int, usage_root: bytes) -> Sequence[Leaf]:
        with _translating(f"give the leaves of epoch {epoch}"):
            rows = ROWS.validate_json(self._get(_leaves_key(epoch, usage_root)))
        return [Leaf(subscription_id, changed, Usage(*usage)) for subscription_id, changed, *usage in rows]

    def put_page(self, settlement_root: bytes, page: SettlementPage) -> None:
        self._put(_page_key(page.epoch, settlement_root, page.number), page.text, "text/plain")

    def page(self, epoch: int, settlement_root: bytes, number: int) -> SettlementPage:
        with _translating(f"give page {number} of epoch {epoch}"):
            return SettlementPage.parse(self._get(_page_key(epoch, settlement_root, number)).decode("ascii"))

    def _put(self, key: str, text: str, content_type: str) -> None:
        body = text.encode("ascii")
        if len(body) > DOCUMENT_BYTES_MAX:
            raise BrokenRuleError(f"{key} would have {len(body)} bytes, more than are read")
        with _translating(f"keep {key}"):
            try:
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*")
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise

    def _get(self, key: str) -> bytes:
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read(DOCUMENT_BYTES_MAX + 1)
        if len(body) > DOCUMENT_BYTES_MAX:
            raise StorageUnavailableError(f"{key} has more than {DOCUMENT_BYTES_MAX} bytes")
        return body


def _leaves_key(epoch: int, usage_root: bytes) -> str:
    return f"leaves/{epoch:010d}/{usage_root.hex()}.json"


def _page_key(epoch: int, settlement_root: bytes, number: int) -> str:
    return f"pages/{epoch:010d}/{settlement_root.hex()}/{number}.txt"
