"""A node of Flare by JSON-RPC: what the Relay has of a voting round."""

from dataclasses import dataclass
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from flareflow.adapters.http import read_answer
from flareflow.attestation.relay import FDC_PROTOCOL_ID
from flareflow.keccak import WORD_BYTES, keccak256
from flareflow_verify.bundle import Hex, OnFlare
from flareflow_verify.sources.http import SourceError

REGISTRY: Final = "0xaD67FE66660Fb8dFE9d6b1b4240d8650e30F6019"
"""The address of FlareContractRegistry on all of Flare's networks."""
ANSWER_BYTES_MAX: Final = 1_000_000
MESSAGE_CHARACTERS_MAX: Final = 200


class _Error(BaseModel):
    message: str


class _Answer(BaseModel):
    result: Annotated[Hex, Field(min_length=WORD_BYTES, max_length=WORD_BYTES)] | None = None
    error: _Error | None = None


_ANSWER: Final = TypeAdapter(_Answer)


@dataclass(frozen=True, slots=True)
class FlareNode:
    """Every method raises SourceError without a usable answer."""

    http: httpx.Client
    url: str
    registry_address: str = REGISTRY

    def on_flare(self, voting_round: int, reward_epoch: int) -> OnFlare:
        """The Relay's root of a round of the Data Connector, and its hash of a reward epoch's signing policy."""
        relay = "0x" + self._call(self.registry_address, "getContractAddressByName(string)", _text("Relay"))[12:].hex()
        root = self._call(relay, "merkleRoots(uint256,uint256)", _words(FDC_PROTOCOL_ID, voting_round))
        policy_hash = self._call(relay, "toSigningPolicyHash(uint256)", _words(reward_epoch))
        return OnFlare(root=root, policy_hash=policy_hash)

    def _call(self, contract: str, signature: str, arguments: bytes) -> bytes:
        """The one word that a view of a contract returns."""
        calldata = keccak256(signature.encode())[:4] + arguments
        parameters = [{"to": contract, "data": f"0x{calldata.hex()}"}, "latest"]
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": parameters}
        try:
            answer = read_answer(self.http.stream("POST", self.url, json=request), ANSWER_BYTES_MAX)
            parsed = _ANSWER.validate_json(answer.body)
        except (httpx.HTTPError, httpx.InvalidURL, ValidationError) as error:
            raise SourceError(f"the node of Flare gave no usable answer about {signature}: {error}") from error
        if parsed.result is None:
            reason = parsed.error.message[:MESSAGE_CHARACTERS_MAX] if parsed.error else f"status {answer.status}"
            raise SourceError(f"the node of Flare refused {signature}: {reason}")
        return parsed.result


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(WORD_BYTES) for number in numbers)


def _text(text: str) -> bytes:
    """The ABI's encoding of one string of up to 32 bytes."""
    return _words(WORD_BYTES, len(text)) + text.encode().ljust(WORD_BYTES, b"\0")
