"""Flare's data availability API.

It compares a request's bytes as lower-case hex. It answers 400 both when a round is not indexed yet and when a round
does not contain the request; its status endpoint tells them apart. Source: flare-foundation/data-availability.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from flareflow.adapters.http import Answer, read_answer
from flareflow.attestation.ports import Awaited, ServedProof
from flareflow.errors import FlareUnavailableError

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 1_000_000

type Hex = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-f]{2})*$", max_length=200_000)]
type Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$")]


class _Served(BaseModel):
    response_hex: Hex
    proof: Annotated[list[Hash], Field(max_length=32)]


class _Indexed(BaseModel):
    voting_round_id: int


class _Status(BaseModel):
    latest_fdc: _Indexed


@dataclass(frozen=True, slots=True)
class HttpDataAvailability:
    """`DataAvailability` over the HTTP API of one server."""

    http: httpx.Client

    @classmethod
    def at(cls, base_url: str) -> "HttpDataAvailability":
        return cls(httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, follow_redirects=False))

    def proof(self, voting_round: int, request: bytes) -> ServedProof | Awaited:
        """The status is read before the proof, so a round that is indexed in between is never given up."""
        was_indexed = self._indexed_round() >= voting_round
        wanted = {"votingRoundId": voting_round, "requestBytes": f"0x{request.hex()}"}
        answer = self._ask("POST", "/api/v1/fdc/proof-by-request-round-raw", json=wanted)
        if answer.status == HTTPStatus.BAD_REQUEST:
            return Awaited.NEVER if was_indexed else Awaited.NOT_YET
        served = _parsed(answer, _Served)
        siblings = tuple(bytes.fromhex(sibling[2:]) for sibling in served.proof)
        return ServedProof(bytes.fromhex(served.response_hex[2:]), siblings)

    def _indexed_round(self) -> int:
        return _parsed(self._ask("GET", "/api/v0/fsp/status"), _Status).latest_fdc.voting_round_id

    def _ask(self, method: str, path: str, json: object = None) -> Answer:
        try:
            return read_answer(self.http.stream(method, path, json=json), ANSWER_BYTES_MAX)
        except httpx.HTTPError as error:
            raise FlareUnavailableError(f"the data availability API gave no answer: {error}") from error


def _parsed[M: BaseModel](answer: Answer, model: type[M]) -> M:
    if not answer.is_success:
        raise FlareUnavailableError(f"the data availability API answered with {answer.status}")
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        raise FlareUnavailableError(f"the data availability API's answer has an unknown form: {error}") from error
