"""Counting tokens from text, where an answer ends before it has told its usage."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from flareflow_gate.texts import texts

PIECE_CHARACTERS: Final = 2_000
"""Tokenizers take quadratic time for long texts without spaces, so a text is counted in pieces of this length."""

_PROMPT_PARAMETERS: Final = (
    *("messages", "prompt", "input", "system", "instructions"),
    *("tools", "functions", "response_format", "text"),
)


class TokenCounter(Protocol):
    """Counts as LiteLLM would."""

    def count(self, model: str, counted: Iterable[str]) -> int: ...


def prompt_texts(document: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a request that its model reads."""
    for name in _PROMPT_PARAMETERS:
        yield from texts(document.get(name))


def prompt_ids(document: Mapping[str, Any]) -> int:
    """How many tokens a request gives by their numbers instead of as text."""
    lists = [given for name in ("prompt", "input") if isinstance(given := document.get(name), list)]
    return sum(len(one) if isinstance(one, list) else isinstance(one, int) for given in lists for one in given)


def pieces(counted: Iterable[str]) -> Iterator[str]:
    """All of `counted` in pieces of at most `PIECE_CHARACTERS`."""
    for text in counted:
        for begin in range(0, len(text), PIECE_CHARACTERS):
            yield text[begin : begin + PIECE_CHARACTERS]
