"""A Flow access node's REST API in the shapes that flow-go documents and the emulator answers.

Sources: flow-go `engine/access/rest` (models; `http/request_handler`: NotFound is 404, InvalidArgument, OutOfRange and
FailedPrecondition are 400, Unavailable is 503, a rate limit is 429) and emulator 1.22.0, whose answers these are.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from flareflow.adapters.flow.rest import FlowRest

FINAL_BLOCK: Final = "f1" * 32
SEALED_BLOCK: Final = "5e" * 32
NOT_FOUND: Final = httpx.Response(404, json={"code": 404, "message": "Flow resource not found: not found"})
NOT_READY: Final = httpx.Response(400, json={"code": 400, "message": "Precondition failed: data is not available"})
UNAVAILABLE: Final = httpx.Response(503, json={"code": 503, "message": "Failed to process request: no connection"})


def rest_over(answer: Callable[[httpx.Request], httpx.Response]) -> FlowRest:
    return FlowRest(httpx.Client(base_url="http://flow.test", transport=httpx.MockTransport(answer)))


def account_key(index: int, public_key: bytes, **otherwise: object) -> dict[str, object]:
    usable = {
        "index": str(index),
        "public_key": f"0x{public_key.hex()}",
        "signing_algorithm": "ECDSA_P256",
        "hashing_algorithm": "SHA2_256",
        "sequence_number": "5",
        "weight": "1000",
        "revoked": False,
    }
    return usable | otherwise


def result(status: str, status_code: int = 0, error_message: str = "") -> httpx.Response:
    """A transaction's result. An unknown transaction has an empty status and status code 0."""
    return httpx.Response(
        200,
        json={
            "block_id": "",
            "collection_id": "",
            "execution": "Pending",
            "status": status,
            "status_code": status_code,
            "error_message": error_message,
            "computation_used": "0",
            "events": [],
        },
    )


@dataclass
class Node:
    """An access node whose finalized blocks are ahead of its sealed ones; `failing` answers every request."""

    sealed_height: int = 1_000
    final_height: int = 1_010
    keys: list[dict[str, object]] = field(default_factory=list)
    result: httpx.Response = field(default_factory=lambda: result(""))
    script_value: object = None
    failing: httpx.Response | None = None
    asked: list[httpx.Request] = field(default_factory=list)

    @property
    def rest(self) -> FlowRest:
        return rest_over(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.failing or self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.path.removeprefix("/v1/").split("/"):
            case ["blocks"]:
                return self._block(request.url.params["height"])
            case ["accounts", _, "keys"]:
                return httpx.Response(200, json={"keys": self.keys})
            case ["accounts", _, "keys", index]:
                return httpx.Response(200, json=self.keys[int(index)])
            case ["transaction_results", _]:
                return self.result
            case ["scripts"]:
                return httpx.Response(200, json=base64.b64encode(json.dumps(self.script_value).encode()).decode())
        return NOT_FOUND

    def _block(self, which: str) -> httpx.Response:
        known: dict[str, tuple[str, int]] = {
            "final": (FINAL_BLOCK, self.final_height),
            "sealed": (SEALED_BLOCK, self.sealed_height),
        }
        block_id, height = known[which]
        header: dict[str, Any] = {"id": block_id, "height": str(height), "timestamp": "2026-11-24T10:00:00Z"}
        return httpx.Response(200, json=[{"header": header, "block_status": f"BLOCK_{which.upper()}"}])
