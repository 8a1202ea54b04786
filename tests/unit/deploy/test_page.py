"""How the built page gets into the bucket that the distribution serves it from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from moto import mock_aws

from infra.deploy.page import publish
from infra.local.aws import session as aws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "page"


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    with mock_aws():
        client = aws.session().client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def built(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def test_hashed_files_are_kept_for_ever_and_the_index_is_asked_for_again(tmp_path: Path, s3: "S3Client") -> None:
    # Given a page as Vite builds it
    page = built(tmp_path, "index.html", "theme.js", "assets/index-C0ffee.js", "assets/inter-Be11.woff2")
    # When it is published
    assert publish(page, BUCKET, s3) == 4
    # Then each file has its type, and only what is hashed is kept without asking
    found = {name: s3.get_object(Bucket=BUCKET, Key=name) for name in ("index.html", "theme.js")}
    hashed = {
        name: s3.get_object(Bucket=BUCKET, Key=f"assets/{name}") for name in ("index-C0ffee.js", "inter-Be11.woff2")
    }
    assert {answer["CacheControl"] for answer in found.values()} == {"no-cache"}
    assert {answer["CacheControl"] for answer in hashed.values()} == {"public, max-age=31536000, immutable"}
    assert [answer["ContentType"] for answer in (*found.values(), *hashed.values())] == [
        "text/html; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/javascript; charset=utf-8",
        "font/woff2",
    ]
    assert found["index.html"]["Body"].read() == b"index.html"


def test_a_page_never_names_what_is_not_there_yet(
    tmp_path: Path, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given that each file is noted when it is put
    order: list[str] = []
    monkeypatch.setattr(s3, "put_object", lambda **given: order.append(given["Key"]))
    # When a page is published
    publish(built(tmp_path, "index.html", "assets/a.js", "assets/z.css"), BUCKET, s3)
    # Then its index is the last
    assert order == ["assets/a.js", "assets/z.css", "index.html"]


def test_what_the_build_tool_keeps_for_itself_is_not_published(tmp_path: Path, s3: "S3Client") -> None:
    publish(built(tmp_path, "index.html", ".vite/manifest.json"), BUCKET, s3)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["index.html"]


def test_a_file_of_an_unknown_type_is_refused(tmp_path: Path, s3: "S3Client") -> None:
    with pytest.raises(KeyError, match="exe"):
        publish(built(tmp_path, "index.exe"), BUCKET, s3)
