"""The Flow emulator with mainnet's computation weights and limits."""

from typing import Final

from infra.local.ports import HOST, port, url
from infra.local.server import Server, answers
from infra.paths import BIN

TRANSACTION_EXPIRY_BLOCKS: Final = 600
SERVICE_ADDRESS: Final = "f8d6e0586b0a20c7"
SERVICE_PRIVATE_KEY: Final = "aff3a277caf2bdd6582c156ae7b07dbca537da7833309de88e56987faa2c0f1b"
"""The emulator's published development key, P-256 with SHA3_256: worth nothing anywhere else."""


def flow_emulator(block_time: str | None = "500ms", *, coverage: bool = False) -> Server:
    """The emulator; without `block_time` it makes a block for each transaction at once."""
    command = [
        str(BIN / "flow-emulator"),
        *("--host", HOST, "--port", str(port("flow_grpc")), "--rest-port", str(port("flow_rest"))),
        *("--admin-port", str(port("flow_admin")), "--debugger-port", str(port("flow_debugger"))),
        *("--transaction-fees", "--transaction-expiry", str(TRANSACTION_EXPIRY_BLOCKS)),
        *("--setup-vm-bridge=false", "--computation-reporting"),
        *(["--block-time", block_time] if block_time else []),
        *(["--coverage-reporting"] if coverage else []),
    ]
    return Server(
        name="flow",
        command=command,
        ports=["flow_grpc", "flow_rest", "flow_admin", "flow_debugger"],
        is_ready=answers(f"{url('flow_rest')}/v1/blocks?height=sealed"),
    )
