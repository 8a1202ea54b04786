"""The programs in Python that pages of docs/ show to be copied."""

import re
from typing import Any

from infra.paths import ROOT


def shown_program(page: str) -> dict[str, Any]:
    """What the one program of a page defines."""
    [program] = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)
    defined: dict[str, Any] = {}
    exec(program, defined)
    return defined
