"""A local voter confirms under the limits of Flare's real verifiers, and nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from flareflow.attestation.request import (
    ATTESTED_FIELDS,
    AttestationTarget,
    RequestBody,
    encode_request,
    leaf_hash,
)
from infra.local.flare.fdc import verifier
from infra.local.flare.fdc.verifier import RESPONSE_BYTES_MAX, NotConfirmedError, Status, Verifier

HOST: Final = "statements.flareflow.test"
TARGET: Final = AttestationTarget("PublicWeb2", f"https://{HOST}/v1/statements/")
WORDS: Final = (7, 1, 2, 3, 4, 5, 10**30, 6, 8, 9, 10)
BODY: Final = TARGET.request_body(7)
STATEMENT: Final = {
    field: f"0x{word:064x}" if kind == "bytes32" else str(word)
    for word, (_, field, kind) in zip(WORDS, ATTESTED_FIELDS, strict=True)
}


def voter(answer: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> Verifier:
    handle = answer if callable(answer) else lambda _: answer
    http = httpx.Client(transport=httpx.MockTransport(handle), follow_redirects=False)
    return Verifier(http, "PublicWeb2", {HOST: "http://127.0.0.1:1"})


def refusal(verifier: Verifier, request: bytes) -> Status:
    with pytest.raises(NotConfirmedError) as refused:
        verifier.confirm(request, voting_round=9)
    return refused.value.status


def asking(**changed: str) -> bytes:
    """The request of statement 7 with some of its fields changed."""
    return encode_request("PublicWeb2", replace(BODY, **changed), bytes(32))


def served(text: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(
        200, text=text or json.dumps(STATEMENT), headers={"content-type": "application/json"} | headers
    )


def test_a_statement_that_says_what_the_request_claims_is_confirmed() -> None:
    # Given a host that notes what it is asked
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return served()

    # When a voter confirms our request
    response = voter(answer).confirm(TARGET.request(7, WORDS), voting_round=9)
    # Then the response is the one that we expect, to the last byte
    assert leaf_hash(response) == leaf_hash(TARGET.response(7, WORDS, 9, 2**64 - 1))
    # And the fetch was a plain GET of the path, without a body
    assert (asked[0].method, asked[0].url.path, asked[0].content) == ("GET", "/v1/statements/0000000007", b"")
    assert asked[0].headers["host"] == HOST


def test_one_micro_token_more_breaks_the_integrity_code() -> None:
    changed = STATEMENT | {"total_rated_microtokens": str(10**30 + 1)}
    assert refusal(voter(served(json.dumps(changed))), TARGET.request(7, WORDS)) is Status.INTEGRITY


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"url": f"http://{HOST}/v1"}, Status.INVALID_SOURCE_URL),
        ({"url": "https://elsewhere.test/v1"}, Status.INVALID_SOURCE_URL),
        ({"url": f"https://{HOST}/" + "a" * 2_000}, Status.INVALID_SOURCE_URL),
        ({"http_method": "PUT"}, Status.INVALID_METHOD),
        ({"headers": '{"authorization":"secret"}'}, Status.INVALID_HEADERS),
        ({"query_params": '{"a":"b"}'}, Status.INVALID_QUERY),
        ({"body": '{"a":"b"}'}, Status.INVALID_BODY),
        ({"post_process_jq": "." + " " * 5_000}, Status.INVALID_JQ),
        ({"post_process_jq": ".["}, Status.JQ_ERROR),
        ({"abi_signature": "u" * 5_001}, Status.INVALID_ABI_SIGNATURE),
        (
            {"abi_signature": '{"type":"tuple","components":[{"name":"epoch","type":"uint64[]"}]}'},
            Status.INVALID_ABI_SIGNATURE,
        ),
        ({"abi_signature": '{"type":"tuple","components":[{"name":"other","type":"uint64"}]}'}, Status.ENCODING_ERROR),
        (
            {"abi_signature": '{"type":"tuple","components":[{"name":"totalRatedMicrotokens","type":"uint64"}]}'},
            Status.ENCODING_ERROR,
        ),
    ],
)
def test_a_request_outside_the_limits_is_not_confirmed(changed: dict[str, str], status: Status) -> None:
    assert refusal(voter(served()), asking(**changed)) is status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (httpx.Response(404, json={}), Status.FETCH_ERROR),
        (httpx.Response(302, headers={"location": f"https://{HOST}/v2"}), Status.FETCH_ERROR),
        (served(json.dumps(STATEMENT | {"more": "a" * RESPONSE_BYTES_MAX})), Status.FETCH_ERROR),
        (httpx.Response(200, text=json.dumps(STATEMENT)), Status.INVALID_CONTENT_TYPE),
        (served("{"), Status.INVALID_JSON),
        (served("7"), Status.INVALID_JSON),
    ],
)
def test_an_answer_outside_the_limits_is_not_confirmed(answer: httpx.Response, status: Status) -> None:
    assert refusal(voter(answer), TARGET.request(7, WORDS)) is status


def test_an_answer_that_comes_in_drops_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a host that is still sending when the time is up
    def drops() -> Iterator[bytes]:
        yield b"{"
        yield b"}"

    monkeypatch.setattr(verifier, "FETCH_SECONDS", 0.0)
    slow = httpx.Response(200, content=drops(), headers={"content-type": "application/json"})
    # Then the voter does not wait for the rest
    assert refusal(voter(slow), TARGET.request(7, WORDS)) is Status.FETCH_ERROR


@pytest.mark.parametrize(
    "request_bytes", [b"", bytes(96), asking()[:-1], asking().replace(b"PublicWeb2", b"PublicWeb3")]
)
def test_bytes_that_are_no_request_are_refused(request_bytes: bytes) -> None:
    assert refusal(voter(served()), request_bytes) is Status.MALFORMED


def test_a_single_primitive_can_be_attested_as_well() -> None:
    body: Any = RequestBody(f"https://{HOST}/x", "GET", "{}", "{}", "{}", ".epoch", "uint256")
    assert verifier.encoded_answer(json.dumps(STATEMENT).encode(), body) == (7).to_bytes(32)
