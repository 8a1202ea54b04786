"""Anvil, the EVM node on which Flare's contracts stand locally."""

from typing import Final

import httpx

from infra.local.flare.network import LOCAL_FLARE
from infra.local.ports import HOST, port, url
from infra.local.server import Server
from infra.paths import LOCAL

BLOCK_SECONDS: Final = 1
ACCOUNTS: Final = 3


def anvil() -> Server:
    """A new chain with a block every second and a few unlocked accounts."""
    command = [
        str(LOCAL / "node" / "node_modules" / ".bin" / "anvil"),
        *("--host", HOST, "--port", str(port("anvil"))),
        *("--chain-id", str(LOCAL_FLARE.chain_id), "--accounts", str(ACCOUNTS)),
        *("--block-time", str(BLOCK_SECONDS), "--silent"),
    ]
    return Server("anvil", command, ports=["anvil"], is_ready=_answers)


def _answers() -> bool:
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    try:
        return bool(httpx.post(url("anvil"), json=question, timeout=2.0).json()["result"] == hex(LOCAL_FLARE.chain_id))
    except (httpx.HTTPError, ValueError, KeyError):
        return False
