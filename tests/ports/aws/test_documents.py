"""The `Documents` port, with the fake and with S3."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from flareflow.adapters.aws.documents import S3Documents
from flareflow.errors import StorageUnavailableError
from flareflow.statements.documents import JSON, TEXT, Document, page_path
from flareflow.statements.ports import Documents
from tests.fakes.statements import FakeDocuments
from tests.support.s3 import fresh_bucket, s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STATEMENT = Document("/v1/statements/0000000007", '{"epoch":"7"}', JSON)
PAGES = [Document(page_path(bytes([number]) * 32), f"page {number}", TEXT) for number in range(40)]


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


def test_a_document_is_read_as_it_was_stored(documents: Documents) -> None:
    assert documents.put(STATEMENT) == STATEMENT.text
    assert documents.get(STATEMENT.path) == STATEMENT.text


def test_the_first_text_under_a_path_stays_and_is_given_to_whoever_comes_later(documents: Documents) -> None:
    # Given a statement
    documents.put(STATEMENT)
    # When another attempt has another text for it
    found = documents.put(Document(STATEMENT.path, '{"epoch":"8"}', JSON))
    # Then the first stays, and the other attempt learns it
    assert found == STATEMENT.text
    assert documents.get(STATEMENT.path) == STATEMENT.text


def test_many_pages_are_read_in_the_order_in_which_they_are_asked_for(documents: Documents) -> None:
    documents.put_all(PAGES)
    documents.put_all(PAGES[:3])
    backwards = PAGES[::-1]
    assert documents.get_all([page.path for page in backwards]) == [page.text for page in backwards]


@pytest.mark.parametrize("many", [False, True])
def test_a_document_that_was_never_stored_is_unavailable(documents: Documents, many: bool) -> None:
    with pytest.raises(StorageUnavailableError):
        documents.get_all([STATEMENT.path]) if many else documents.get(STATEMENT.path)


@pytest.mark.stack
def test_a_document_that_is_no_ascii_text_is_unavailable(client: "S3Client") -> None:
    bucket = fresh_bucket(client)
    client.put_object(Bucket=bucket, Key="v1/pages/00", Body=b"\xff")
    with pytest.raises(StorageUnavailableError):
        S3Documents(client, bucket).get("/v1/pages/00")


@pytest.mark.stack
def test_an_object_has_the_type_and_the_caching_that_a_browser_is_told(client: "S3Client") -> None:
    bucket = fresh_bucket(client)
    S3Documents(client, bucket).put(STATEMENT)
    found = client.get_object(Bucket=bucket, Key="v1/statements/0000000007")
    assert (found["ContentType"], found["CacheControl"]) == (JSON, "public, max-age=31536000, immutable")
