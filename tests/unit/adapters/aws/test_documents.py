"""Documents in S3 have a bound, which neither reading nor writing passes."""

import io
from typing import Any, cast

import pytest

from flareflow.adapters.aws import documents
from flareflow.adapters.aws.documents import S3Documents
from flareflow.errors import BrokenRuleError, StorageUnavailableError
from flareflow.metering.models import Usage
from flareflow.statements.models import Leaf

ROOT = bytes(32)
LEAVES = [Leaf(1, 5, Usage(10, 20, 2, 30_000_000, 4))]
STORED = b"[[1,5,10,20,2,30000000,4,0,0,0,0,0]]"


class Bucket:
    """One object, and what was put in its place."""

    def __init__(self) -> None:
        self.put: list[bytes] = []

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(STORED)}

    def put_object(self, **given: Any) -> None:
        self.put.append(given["Body"])


def bucket_of(bucket: Bucket) -> S3Documents:
    return S3Documents(cast("Any", bucket), "bucket")


@pytest.mark.parametrize(("bound", "is_read"), [(len(STORED), True), (len(STORED) - 1, False)])
def test_a_document_is_read_up_to_its_bound(monkeypatch: pytest.MonkeyPatch, bound: int, is_read: bool) -> None:
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", bound)
    if is_read:
        assert bucket_of(Bucket()).leaves(7, ROOT) == LEAVES
    else:
        with pytest.raises(StorageUnavailableError, match="has more than 35 bytes"):
            bucket_of(Bucket()).leaves(7, ROOT)


def test_what_could_not_be_read_again_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket()
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", len(STORED))
    bucket_of(bucket).put_leaves(7, ROOT, LEAVES)
    monkeypatch.setattr(documents, "DOCUMENT_BYTES_MAX", len(STORED) - 1)
    with pytest.raises(BrokenRuleError, match="would have 36 bytes"):
        bucket_of(bucket).put_leaves(7, ROOT, LEAVES)
    assert bucket.put == [STORED]
