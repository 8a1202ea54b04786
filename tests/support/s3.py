"""New buckets in moto's server."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from infra.local.aws import moto_server
from infra.local.aws import session as aws
from infra.local.ports import url
from tests.support.servers import running

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@contextmanager
def s3() -> Iterator["S3Client"]:
    """A client of moto's server, which is stopped again if it did not run before."""
    with running(moto_server.server()):
        yield aws.session().client("s3", endpoint_url=url("moto"))


def fresh_bucket(client: "S3Client") -> str:
    """The name of a new, empty bucket."""
    name = f"test-{uuid4()}"
    client.create_bucket(Bucket=name)
    return name
