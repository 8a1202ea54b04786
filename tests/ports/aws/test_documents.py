"""The `Documents` port, with the fake and with S3."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.aws.documents import S3Documents
from flareflow.errors import StorageUnavailableError
from flareflow.metering.models import Usage
from flareflow.statements.models import Leaf, SettlementPage
from flareflow.statements.ports import Documents
from tests.fakes.statements import FakeDocuments
from tests.support.s3 import fresh_bucket, s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = bytes.fromhex("11" * 32)
OTHER_ROOT = bytes.fromhex("22" * 32)
LEAVES = [Leaf(1, 5, Usage(10, 20, 2, 30_000_000, 4)), Leaf(2**64 - 1, 7, Usage(2**70, 0, 1, 2**90, 0))]
CONTRACT = "A.f8d6e0586b0a20c7.UsageBasedSubscriptions"
PAGE = SettlementPage(CONTRACT, 7, 0, ((1, 30_000_000), (2, 2**64)))


@pytest.fixture(scope="module")
def client() -> Iterator["S3Client"]:
    with s3() as client:
        yield client


@pytest.fixture(params=["fake", pytest.param("s3", marks=pytest.mark.stack)])
def documents(request: pytest.FixtureRequest) -> Documents:
    if request.param == "fake":
        return FakeDocuments()
    client: S3Client = request.getfixturevalue("client")
    return S3Documents(client, fresh_bucket(client))


def test_leaves_are_read_as_they_were_stored(documents: Documents) -> None:
    documents.put_leaves(7, ROOT, LEAVES)
    documents.put_leaves(7, ROOT, LEAVES)
    assert list(documents.leaves(7, ROOT)) == LEAVES


def test_a_page_is_read_as_it_was_stored(documents: Documents) -> None:
    documents.put_page(ROOT, PAGE)
    documents.put_page(ROOT, PAGE)
    assert documents.page(7, ROOT, 0) == PAGE


def test_documents_under_different_roots_do_not_overwrite_each_other(documents: Documents) -> None:
    # Given a page of an attempt to seal that did not come to its end
    documents.put_page(ROOT, PAGE)
    # When another attempt has other totals on the same page
    other = SettlementPage(CONTRACT, 7, 0, ((2, 2**64),))
    documents.put_page(OTHER_ROOT, other)
    # Then both are there
    assert documents.page(7, ROOT, 0) == PAGE
    assert documents.page(7, OTHER_ROOT, 0) == other


@pytest.mark.parametrize("wanted", ["leaves", "page"])
def test_a_document_that_was_never_stored_is_unavailable(documents: Documents, wanted: str) -> None:
    with pytest.raises(StorageUnavailableError):
        documents.leaves(7, ROOT) if wanted == "leaves" else documents.page(7, ROOT, 0)


@pytest.mark.stack
def test_a_stored_document_is_never_overwritten(client: "S3Client") -> None:
    # Given leaves that are kept
    bucket = fresh_bucket(client)
    documents = S3Documents(client, bucket)
    documents.put_leaves(7, ROOT, LEAVES)
    # When others come under the same root, which no tree can have
    documents.put_leaves(7, ROOT, LEAVES[:1])
    # Then the first stay
    assert list(documents.leaves(7, ROOT)) == LEAVES


@pytest.mark.stack
@pytest.mark.parametrize("stored", [b"[[1,2,3]]", b"[[-1,5,1,1,1,1,1]]", b'[["1.5",5,1,1,1,1,1]]', b"{"])
def test_a_document_that_does_not_contain_leaves_is_refused(client: "S3Client", stored: bytes) -> None:
    bucket = fresh_bucket(client)
    client.put_object(Bucket=bucket, Key=f"leaves/0000000007/{ROOT.hex()}.json", Body=stored)
    with pytest.raises(StorageUnavailableError):
        S3Documents(client, bucket).leaves(7, ROOT)
