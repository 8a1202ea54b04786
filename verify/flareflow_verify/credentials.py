"""A virtual key and a session, which come from the environment alone: others can read a command line."""

import os
import re
from typing import Final

from flareflow_verify.errors import CommandError

SESSION: Final = "FLAREFLOW_SESSION"
KEY: Final = "FLAREFLOW_KEY"
FORM: Final = re.compile(r"[ -~]{1,4096}")
"""Printable ASCII, which is what a header may carry."""


def credential(variable: str) -> str | None:
    """What a variable of the environment has; None if it is empty or not set. Raises CommandError for another form."""
    text = os.environ.get(variable)
    if not text:
        return None
    if not FORM.fullmatch(text):
        raise CommandError(f"{variable} is malformed: it has a line break, or a character that is not ASCII")
    return text
