"""The recorded data, parsed."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "vectors" / "flare"


def recorded(name: str) -> Any:
    """One file of `tests/vectors/flare` by its stem."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
