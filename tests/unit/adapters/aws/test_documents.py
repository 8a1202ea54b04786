"""Documents in S3 have a bound, which neither reading nor writing passes, and say that they never change."""

import io
from typing import Any, cast

import pytest

from flareflow.adapters.aws import documents
from flareflow.adapters.aws.documents import S3Documents
from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.statements.documents import JSON, Document

STORED = b'{"epoch":"7"}'
DOCUMENT = Document("/v1/statements/0000000007", STORED.decode(), JSON)


class Bucket:
    """One object, and what was put in its place."""

    def __init__(self) -> None:
        self.put: list[dict[str, Any]] = []

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(STORED)}

    def put_object(self, **given: Any) -> None:
        self.put.append(given)


def bucket_of(bucket: Bucket) -> S3Documents:
    return S3Documents(cast("Any", bucket), "bucket")


@pytest.mark.parametrize(("bound", "is_read"), [(len(STORED), True), (len(STORED) - 1, False)])
def test_a_document_is_read_up_to_its_bound(monkeypatch: pytest.MonkeyPatch, bound: int, is_read: bool) -> None:
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", bound)
    if is_read:
        assert bucket_of(Bucket()).get(DOCUMENT.path) == DOCUMENT.text
    else:
        with pytest.raises(StorageUnavailableError, match="has more than 12 bytes"):
            bucket_of(Bucket()).get(DOCUMENT.path)


def test_what_could_not_be_read_again_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket()
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", len(STORED))
    bucket_of(bucket).put(DOCUMENT)
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", len(STORED) - 1)
    with pytest.raises(BrokenRuleError, match="would have 13 bytes"):
        bucket_of(bucket).put(DOCUMENT)
    assert len(bucket.put) == 1


def test_a_document_lies_under_its_public_path_and_can_be_cached_for_ever() -> None:
    bucket = Bucket()
    bucket_of(bucket).put(DOCUMENT)
    assert bucket.put == [
        {
            "Bucket": "bucket",
            "Key": "v1/statements/0000000007",
            "Body": STORED,
            "ContentType": "application/json",
            "CacheControl": "public, max-age=31536000, immutable",
            "IfNoneMatch": "*",
        }
    ]
