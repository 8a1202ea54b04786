"""The files of the statement log in S3, beside the other public documents."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from flareflow.adapters.aws.documents import FOREVER
from flareflow.errors import StorageUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX: Final = "v1/log/"
FILE_BYTES_MAX: Final = 256 * 66_000
"""A full bundle of entries of the largest size."""
BRIEFLY: Final = "public, max-age=5"


@dataclass(frozen=True, slots=True)
class S3LogFiles:
    """`LogFiles` in one bucket. The client must be allowed to list it, so that S3 says what is not there."""

    s3: "S3Client"
    bucket: str

    def read(self, path: str) -> bytes | None:
        try:
            content = self.s3.get_object(Bucket=self.bucket, Key=PREFIX + path)["Body"].read(FILE_BYTES_MAX + 1)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise StorageUnavailableError(f"S3 could not give {path}: {error}") from error
        except BotoCoreError as error:
            raise StorageUnavailableError(f"S3 could not give {path}: {error}") from error
        if len(content) > FILE_BYTES_MAX:
            raise StorageUnavailableError(f"{path} has more than {FILE_BYTES_MAX} bytes")
        return content

    def write(self, path: str, content: bytes) -> None:
        self._put(path, content, "application/octet-stream", FOREVER)

    def replace(self, path: str, content: bytes) -> None:
        self._put(path, content, "text/plain; charset=utf-8", BRIEFLY)

    def _put(self, path: str, content: bytes, media_type: str, cache_control: str) -> None:
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=PREFIX + path,
                Body=content,
                ContentType=media_type,
                CacheControl=cache_control,
            )
        except (ClientError, BotoCoreError) as error:
            raise StorageUnavailableError(f"S3 could not store {path}: {error}") from error
