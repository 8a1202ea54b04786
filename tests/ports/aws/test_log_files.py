"""The `LogFiles` port, with the fake and with S3."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.aws.log_files import FILE_BYTES_MAX, S3LogFiles
from flareflow.errors import StorageUnavailableError
from flareflow.transparency.ports import LogFiles
from tests.fakes.transparency import FakeLogFiles
from tests.support.s3 import fresh_bucket, s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TILE = "tile/0/000.p/3"


@pytest.fixture(scope="module")
def client() -> Iterator["S3Client"]:
    with s3() as client:
        yield client


@pytest.fixture(params=["fake", pytest.param("s3", marks=pytest.mark.stack)])
def files(request: pytest.FixtureRequest) -> LogFiles:
    if request.param == "fake":
        return FakeLogFiles()
    client: S3Client = request.getfixturevalue("client")
    return S3LogFiles(client, fresh_bucket(client))


def test_any_bytes_are_read_as_they_were_written(files: LogFiles) -> None:
    content = bytes(range(256))
    files.write(TILE, content)
    files.write(TILE, content)
    assert files.read(TILE) == content


def test_a_file_that_is_not_there_is_told_from_a_failure(files: LogFiles) -> None:
    assert files.read(TILE) is None


def test_a_checkpoint_is_replaced(files: LogFiles) -> None:
    files.replace("checkpoint", b"first")
    files.replace("checkpoint", b"second")
    assert files.read("checkpoint") == b"second"


@pytest.mark.stack
def test_caches_keep_tiles_for_ever_and_the_checkpoint_for_seconds(client: "S3Client") -> None:
    files = S3LogFiles(client, fresh_bucket(client))
    files.write(TILE, b"tile")
    files.replace("checkpoint", b"checkpoint")
    kept = {
        path: client.head_object(Bucket=files.bucket, Key=f"v1/log/{path}")["CacheControl"]
        for path in (TILE, "checkpoint")
    }
    assert kept == {TILE: "public, max-age=31536000, immutable", "checkpoint": "public, max-age=5"}


@pytest.mark.stack
def test_a_missing_bucket_and_a_file_that_is_too_long_are_failures(client: "S3Client") -> None:
    with pytest.raises(StorageUnavailableError):
        S3LogFiles(client, "no-such-bucket").read(TILE)
    files = S3LogFiles(client, fresh_bucket(client))
    files.write(TILE, bytes(FILE_BYTES_MAX + 1))
    with pytest.raises(StorageUnavailableError, match="more than"):
        files.read(TILE)
