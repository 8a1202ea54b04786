"""Where the running stack keeps what it writes."""

from pathlib import Path

from infra.local.ports import port_base
from infra.paths import LOCAL


def run_dir() -> Path:
    """Logs, process ids and generated settings of the running stack (one folder for each port base)."""
    folder = LOCAL / f"run-{port_base()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
