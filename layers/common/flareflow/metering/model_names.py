"""Spellings of one model: with the provider before its name, and with a version or a date after it."""

import re
from collections.abc import Iterator
from typing import Final

_QUALIFIER: Final = re.compile(
    r"\d+-?x-?\d+|max-x-max|\d+-steps|\d+-month-commitment|hd|standard|low|medium|high|\*", re.ASCII
)
"""A part before a slash that is no provider but tells the price: a size, a quality, a commitment."""
_VENDOR: Final = re.compile(r"[a-z]+(?:-[a-z]+)*\.")
"""A region or vendor as Amazon Bedrock writes it, `us.` or `anthropic.`: letters only, so `gpt-4.` is none."""
_BEDROCK_VERSION: Final = re.compile(r"-v\d+:\d+", re.ASCII)
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_DATE: Final = re.compile(
    rf"[-@](?:20\d\d-{_MONTH}-{_DAY}|20\d\d{_MONTH}{_DAY}|{_MONTH}-20\d\d|{_MONTH}{_DAY}|2\d{_MONTH}|latest|default)",
    re.ASCII,
)
NAME_CHARACTERS_MAX: Final = 1024


def spellings(name: str) -> tuple[str, ...]:
    """`name` in lower case, and all plainer names of the same model, those with a date before those without.

    Without what stands before a slash, part by part, unless it is a size, a quality or a commitment; without regions
    and vendors before a dot; without Bedrock's version (`-v1:0`) at the end; without a date at the end (`-2024-08-06`,
    `-20240229`, `-08-2024`, `-0613`, `-2402`, `-latest`, also after `@`). Nothing else is taken away, so `gpt-4o-mini`
    is no spelling of `gpt-4o`.
    """
    whole = name.strip().lower()[:NAME_CHARACTERS_MAX]
    unversioned = _without_end(_BEDROCK_VERSION, whole)
    undated = _without_end(_DATE, unversioned)
    return tuple(
        dict.fromkeys(plainer for one in (whole, unversioned, undated) for plainer in _without_beginnings(one))
    )


def _without_beginnings(name: str) -> Iterator[str]:
    yield name
    while name:
        before, slash, after = name.partition("/")
        if slash and (not after or _QUALIFIER.fullmatch(before)):
            return
        if not slash:
            vendor = _VENDOR.match(name)
            if vendor is None or vendor.end() == len(name):
                return
            after = name[vendor.end() :]
        name = after
        yield name


def _without_end(end: re.Pattern[str], name: str) -> str:
    """`name` without what `end` matches at its end; a name that would be empty stays."""
    found = re.search(rf"(?:{end.pattern})$", name, end.flags)
    return name[: found.start()] if found and found.start() else name
