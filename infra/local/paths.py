"""The folders of the local stack; everything made here lies under `.local/`."""

from pathlib import Path
from typing import Final

from infra.local.ports import port_base

ROOT: Final = Path(__file__).resolve().parents[2]
LOCAL: Final = ROOT / ".local"
BIN: Final = LOCAL / "bin"
VENV: Final = LOCAL / "venv"
PYTHON_PATH: Final = f"{ROOT}:{ROOT / 'layers' / 'common'}"
"""`PYTHONPATH` of our own servers: the local stack and the package that the functions share."""


def run_dir() -> Path:
    """Logs, process ids and generated settings of the running stack (one folder for each port base)."""
    folder = LOCAL / f"run-{port_base()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
