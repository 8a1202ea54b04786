"""Flare's data availability API; `DataAvailability` of the attestation package.

It matches the request's bytes as lower-case hex, and answers 400 both for what is not indexed yet and for what will
never be: its own status tells them apart.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, StringConstraints, ValidationError

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
    """One data availability server."""

    http: httpx.Client

    @classmethod
    def at(cls, base_url: str) -> "HttpDataAvailability":
        return cls(httpx.Client(base_url=base_url, timeout=TIMEOUT_SECONDS, follow_redirects=False))

    def proof(self, voting_round: int, request: bytes) -> ServedProof | Awaited:
        """The status is asked first: a round indexed between the two questions is then served, never given up."""
        was_indexed = self._indexed_round() >= voting_round
        wanted = {"votingRoundId": voting_round, "requestBytes": f"0x{request.hex()}"}
        response = self._send("POST", "/api/v1/fdc/proof-by-request-round-raw", json=wanted)
        if response.status_code == httpx.codes.BAD_REQUEST:
            return Awaited.NEVER if was_indexed else Awaited.NOT_YET
        served = self._parsed(response, _Served)
        siblings = tuple(bytes.fromhex(sibling[2:]) for sibling in served.proof)
        return ServedProof(bytes.fromhex(served.response_hex[2:]), siblings)

    def _indexed_round(self) -> int:
        return self._parsed(self._send("GET", "/api/v0/fsp/status"), _Status).latest_fdc.voting_round_id

    def _send(self, method: str, path: str, json: object = None) -> httpx.Response:
        try:
            response = self.http.request(method, path, json=json)
        except httpx.HTTPError as error:
            raise FlareUnavailableError(f"the data availability API does not answer: {error}") from error
        if len(response.content) > ANSWER_BYTES_MAX:
            raise FlareUnavailableError(f"the data availability API answered with {len(response.content)} bytes")
        return response

    @staticmethod
    def _parsed[M: BaseModel](response: httpx.Response, model: type[M]) -> M:
        try:
            response.raise_for_status()
            return model.model_validate_json(response.content)
        except (httpx.HTTPStatusError, ValidationError) as error:
            raise FlareUnavailableError(f"the data availability API gave no usable answer: {error}") from error
