"""The local gateway's distribution: documents from a bucket, on the host of the HTTP API."""

import pytest

from tests.support.gateway import Gateway

pytestmark = pytest.mark.stack


def test_a_document_comes_from_its_bucket_and_no_function_is_asked(gateway: Gateway) -> None:
    # Given a document that says how it may be cached
    bucket = gateway.deployment.physical("Documents").ref
    gateway.client("s3").put_object(
        Bucket=bucket, Key="papers/1", Body=b"{}", ContentType="application/json", CacheControl="public, max-age=9"
    )
    # When any page asks for it on the host of the API
    before = gateway.notes("HttpFunction")
    answer = gateway.http.get("/papers/1?x=1", headers={"origin": "https://anywhere.example"})
    # Then it comes as it is stored
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "application/json",
        "public, max-age=9",
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert gateway.http.head("/papers/1").status_code == 200
    assert gateway.http.post("/papers/1").status_code == 403
    assert gateway.notes("HttpFunction") == before


def test_a_document_that_is_missing_is_404_where_the_bucket_may_be_listed(gateway: Gateway) -> None:
    # Given a bucket that the distribution may list, and one of which it may only read two objects
    gateway.client("s3").put_object(Bucket=gateway.deployment.physical("Hidden").ref, Key="hidden/there", Body=b"x")
    # Then what is missing is 404 in the one and 403 in the other, as what may not be read
    paths = ("/papers/missing", "/hidden/there", "/hidden/missing", "/hidden/other")
    assert [gateway.http.get(path).status_code for path in paths] == [404, 200, 403, 403]


def test_every_answer_of_the_host_carries_the_security_headers(gateway: Gateway) -> None:
    # Given a document, an answer of a function, and refusals of API Gateway itself
    bucket = gateway.deployment.physical("Documents").ref
    gateway.client("s3").put_object(Bucket=bucket, Key="papers/2", Body=b"{}", ContentType="application/json")
    paths = ("/papers/2", "/papers/missing", "/do/binary", "/mine", "/nowhere")
    answers = [gateway.http.get(path) for path in paths]
    # Then each says that its type is meant and that the host speaks TLS only
    assert [answer.status_code for answer in answers] == [200, 404, 200, 401, 404]
    assert {answer.headers["x-content-type-options"] for answer in answers} == {"nosniff"}
    assert {answer.headers["strict-transport-security"] for answer in answers} == {"max-age=31536000"}


def test_an_object_that_has_not_changed_is_not_sent_again(gateway: Gateway) -> None:
    # Given an object that was fetched before
    bucket = gateway.deployment.physical("Documents").ref
    gateway.client("s3").put_object(Bucket=bucket, Key="papers/3", Body=b"{}", CacheControl="no-cache")
    tag = gateway.http.get("/papers/3").headers["etag"]
    # Then whoever has it is told that it still holds, and whoever has another one gets it
    same = gateway.http.get("/papers/3", headers={"if-none-match": tag})
    other = gateway.http.get("/papers/3", headers={"if-none-match": '"another"'})
    assert (same.status_code, same.content, same.headers["cache-control"]) == (304, b"", "no-cache")
    assert (other.status_code, other.content) == (200, b"{}")


def test_a_text_is_compressed_for_whoever_accepts_that(gateway: Gateway) -> None:
    # Given a text, and something else that is as long
    bucket, long = gateway.deployment.physical("Documents").ref, b"flare flow " * 1_000
    for key, media_type in (("papers/4", "text/css"), ("papers/5", "font/woff2")):
        gateway.client("s3").put_object(Bucket=bucket, Key=key, Body=long, ContentType=media_type)
    # Then only the text is compressed, and only where that is accepted
    text = gateway.http.get("/papers/4", headers={"accept-encoding": "gzip, br"})
    plain = gateway.http.get("/papers/4", headers={"accept-encoding": "identity"})
    font = gateway.http.get("/papers/5", headers={"accept-encoding": "gzip, br"})
    assert (text.headers.get("content-encoding"), text.content) == ("gzip", long)
    assert (plain.headers.get("content-encoding"), plain.content) == (None, long)
    assert (font.headers.get("content-encoding"), font.content) == (None, long)
