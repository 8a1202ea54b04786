"""What LiteLLM 1.106.2 answered and pushed, recorded from the real proxy."""

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[3] / "vectors" / "litellm"


def recorded(name: str) -> Any:
    """One file of `tests/vectors/litellm` by its stem."""
    return json.loads((FOLDER / f"{name}.json").read_bytes())
