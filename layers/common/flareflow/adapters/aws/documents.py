"""The public documents in S3: the key of an object is its path at the public host, without the first slash.

Whoever serves the bucket adds nothing: each object has its content type and says that it never changes.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.statements.documents import Document

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DOCUMENT_BYTES_MAX: Final = 16 * 1024 * 1024
"""An index of the usage pages of fifty million subscriptions."""
CALLS_AT_ONCE: Final = 16
CONFIG: Final = Config(max_pool_connections=CALLS_AT_ONCE)
"""Settings of the client, so that calls at the same time do not wait for a connection."""
FOREVER: Final = "public, max-age=31536000, immutable"


@contextmanager
def _translating(what: str) -> Iterator[None]:
    try:
        yield
    except (ClientError, BotoCoreError, UnicodeError) as error:
        raise StorageUnavailableError(f"S3 could not {what}: {error}") from error


@dataclass(frozen=True, slots=True)
class S3Documents:
    """`Documents` in one bucket."""

    s3: "S3Client"
    bucket: str

    def put(self, document: Document) -> str:
        return document.text if self._put(document) else self.get(document.path)

    def put_all(self, documents: Sequence[Document]) -> None:
        with ThreadPoolExecutor(CALLS_AT_ONCE) as calls:
            list(calls.map(self._put, documents))

    def get(self, path: str) -> str:
        with _translating(f"give {path}"):
            body = self.s3.get_object(Bucket=self.bucket, Key=_key(path))["Body"].read(DOCUMENT_BYTES_MAX + 1)
            if len(body) > DOCUMENT_BYTES_MAX:
                raise StorageUnavailableError(f"{path} has more than {DOCUMENT_BYTES_MAX} bytes")
            return body.decode("ascii")

    def get_all(self, paths: Sequence[str]) -> Sequence[str]:
        with ThreadPoolExecutor(CALLS_AT_ONCE) as calls:
            return list(calls.map(self.get, paths))

    def _put(self, document: Document) -> bool:
        """Write a document; False when its path has one already."""
        body = document.text.encode("ascii")
        if len(body) > DOCUMENT_BYTES_MAX:
            raise BrokenRuleError(f"{document.path} would have {len(body)} bytes, more than are read")
        with _translating(f"store {document.path}"):
            try:
                self.s3.put_object(
                    Bucket=self.bucket,
                    Key=_key(document.path),
                    Body=body,
                    ContentType=document.media_type,
                    CacheControl=FOREVER,
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
                return False
        return True


def _key(path: str) -> str:
    return path.removeprefix("/")
