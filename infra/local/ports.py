"""The port of each local server, always on loopback: a base port plus an offset, or a variable of its own."""

import os
from typing import Final

HOST: Final = "127.0.0.1"
PORT_BASE_DEFAULT: Final = 14000

OFFSETS: Final = {
    "gateway_http": 0,
    "gateway_websocket": 1,
    "gateway_lambda": 2,
    "gateway_aws": 3,
    "dynamodb": 20,
    "moto": 21,
    "postgres": 30,
    "litellm": 31,
    "upstream": 32,
    "litellm_admin": 33,
    "anvil": 40,
    "fdc": 41,
    "witness": 42,
    "flow_grpc": 50,
    "flow_rest": 51,
    "flow_admin": 52,
    "flow_debugger": 53,
    "wallet": 60,
    "docs": 61,
}


def port_base() -> int:
    """`FLAREFLOW_PORT_BASE`; two stacks on one machine need different ones."""
    return int(os.environ.get("FLAREFLOW_PORT_BASE", PORT_BASE_DEFAULT))


def port(name: str) -> int:
    """The port of one server: `FLAREFLOW_PORT_<NAME>` or the base plus its offset."""
    return int(os.environ.get(f"FLAREFLOW_PORT_{name.upper()}", port_base() + OFFSETS[name]))


def url(name: str) -> str:
    """`http://127.0.0.1:<port>` of a server that speaks HTTP."""
    return f"http://{HOST}:{port(name)}"
