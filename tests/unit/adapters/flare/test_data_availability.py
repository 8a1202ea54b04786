"""What the answers of the data availability API mean."""

import json
from collections.abc import Callable
from typing import Final

import httpx
import pytest

from flareflow.adapters.flare.data_availability import ANSWER_BYTES_MAX, HttpDataAvailability
from flareflow.attestation.ports import Awaited, ServedProof
from flareflow.errors import FlareUnavailableError

STATUS: Final = "/api/v0/fsp/status"
NOT_FOUND: Final = httpx.Response(400, json={"error": "attestation request not found"})
SERVED: Final = {"response_hex": "0xab", "attestation_type": "0x57", "proof": [f"0x{'01' * 32}"]}


def api(indexed_round: int, answer: httpx.Response, asked: list[str] | None = None) -> HttpDataAvailability:
    def handle(request: httpx.Request) -> httpx.Response:
        if asked is not None:
            asked.append(f"{request.url.path} {request.content.decode()}".strip())
        if request.url.path == STATUS:
            return httpx.Response(200, json={"latest_fdc": {"voting_round_id": indexed_round, "start_timestamp": 1}})
        return answer

    return over(handle)


def over(handle: Callable[[httpx.Request], httpx.Response]) -> HttpDataAvailability:
    return HttpDataAvailability(httpx.Client(base_url="http://da.test", transport=httpx.MockTransport(handle)))


@pytest.mark.parametrize(("indexed_round", "meaning"), [(99, Awaited.NOT_YET), (100, Awaited.NEVER)])
def test_the_ambiguous_400_means_never_only_for_an_indexed_round(indexed_round: int, meaning: Awaited) -> None:
    assert api(indexed_round, NOT_FOUND).proof(100, b"\xab") is meaning


def test_a_round_indexed_between_the_two_questions_is_not_given_up() -> None:
    # Given an API that indexes the round just after it said that it knows no proof
    asked: list[str] = []
    api(99, NOT_FOUND, asked).proof(100, b"\xab")
    # Then the status that decides was asked before, not after
    assert asked[0] == STATUS
    assert len(asked) == 2


def test_the_request_is_asked_for_in_lower_case_hex() -> None:
    asked: list[str] = []
    served = api(100, httpx.Response(200, json=SERVED), asked).proof(100, b"\xab\xcd")
    assert '"requestBytes":"0xabcd"' in asked[1]
    assert served == ServedProof(b"\xab", (b"\x01" * 32,))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={**SERVED, "proof": ["0x01"]}),
        httpx.Response(200, json={**SERVED, "proof": [f"0x{'01' * 32}"] * 33}),
        httpx.Response(200, json={**SERVED, "response_hex": "0xabc"}),
        httpx.Response(302, headers={"location": "http://elsewhere.test"}),
    ],
)
def test_an_answer_of_an_unknown_form_is_an_outage(answer: httpx.Response) -> None:
    with pytest.raises(FlareUnavailableError):
        api(100, answer).proof(100, b"\xab")


def test_an_answer_of_more_bytes_than_the_limit_is_refused() -> None:
    # Given a good answer, padded to as many bytes as an answer may have
    served = json.dumps(SERVED).encode()
    longest = served + b" " * (ANSWER_BYTES_MAX - len(served))
    assert isinstance(api(100, httpx.Response(200, content=longest)).proof(100, b"\xab"), ServedProof)
    # When it has one byte more, then it is refused
    with pytest.raises(FlareUnavailableError, match="more than"):
        api(100, httpx.Response(200, content=longest + b" ")).proof(100, b"\xab")


def test_an_api_that_cannot_be_reached_is_unavailable() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(FlareUnavailableError):
        over(refuse).proof(100, b"\xab")
