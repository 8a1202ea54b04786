"""Words of a prompt that make the upstream fail, wait, or answer in another way."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

SECONDS_MAX: Final = 60.0
_WISH: Final = re.compile(r"\b(sleep|pause|id|break|once|thinks|usage)=([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a prompt asks for.

    `boom`: an answer with status 500. `sleep=2.5`: seconds before the answer; `pause=0.1`: seconds before each part of
    a stream. `id=x`: the answer's id, however often it was used. `break=3`: a stream ends after three parts and has no
    end. `once=x`: a failure with status 500 for the first prompt that says this. `thinks=500`: so many more tokens of
    the answer are reasoning that is not shown. `usage=none`: a whole chat that does not tell its usage.
    """

    fails: bool
    sleep_seconds: float
    pause_seconds: float
    answer_id: str
    parts_max: int | None
    fails_once: str | None
    reasoning_tokens: int
    tells_usage: bool

    @classmethod
    def of(cls, prompt: str, id_prefix: str) -> "Wishes":
        wishes = dict(_WISH.findall(prompt))
        return cls(
            fails="boom" in prompt.split(),
            sleep_seconds=_seconds(wishes.get("sleep")),
            pause_seconds=_seconds(wishes.get("pause")),
            answer_id=wishes.get("id") or f"{id_prefix}{uuid.uuid4().hex}",
            parts_max=int(wishes["break"]) if "break" in wishes else None,
            fails_once=wishes.get("once"),
            reasoning_tokens=int(wishes.get("thinks", 0)),
            tells_usage=wishes.get("usage") != "none",
        )


def _seconds(text: str | None) -> float:
    return min(float(text), SECONDS_MAX) if text else 0.0


def texts_of(value: object) -> Iterable[str]:
    """Every text in a prompt, in the forms of all APIs."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts_of(item)
        case dict():
            yield from texts_of(value.get("text") or value.get("content") or "")


def prompt_of(value: object) -> str:
    return " ".join(texts_of(value))
