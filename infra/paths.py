"""Folders of the repository; everything that is installed or written at run time lies under `.local/`."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCAL: Final = ROOT / ".local"
BIN: Final = LOCAL / "bin"
PAGE: Final = ROOT / "frontend" / "dist"
"""The page, once `npm run build` has built it."""

VENV: Final = LOCAL / "venv"
PYTHON_PATH: Final = f"{ROOT}:{ROOT / 'layers' / 'common'}"
"""`PYTHONPATH` of our own servers: the local stack and the package that the functions share."""
