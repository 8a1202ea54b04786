"""The Flare account that pays for requests, over one JSON-RPC method: it needs no library of the chain."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, StringConstraints, ValidationError

from flareflow.adapters.aws.kms import KmsKey
from flareflow.adapters.http import read_answer
from flareflow.errors import FlareUnavailableError
from flareflow.keccak import keccak256

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 10_000


class _Balance(BaseModel):
    result: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-f]{1,64}$")]


@dataclass(frozen=True)
class FlarePayer:
    """`PayingAccount` of the key in KMS, in wei."""

    http: httpx.Client
    rpc_url: str
    key: KmsKey

    @classmethod
    def at(cls, rpc_url: str, key: KmsKey) -> "FlarePayer":
        return cls(httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False), rpc_url, key)

    @cached_property
    def _address(self) -> str:
        """KMS is asked once."""
        return f"0x{keccak256(self.key.public_key())[12:].hex()}"

    def address(self) -> str:
        return self._address

    def balance(self) -> int:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [self.address(), "latest"]}
        try:
            answer = read_answer(self.http.stream("POST", self.rpc_url, json=asked), ANSWER_BYTES_MAX)
            return int(_Balance.model_validate_json(answer.body).result, 16)
        except (httpx.HTTPError, ValidationError) as error:
            raise FlareUnavailableError(f"Flare's node gave no usable answer about a balance: {error}") from error
