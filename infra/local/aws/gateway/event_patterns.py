"""Filters of event sources: which records are handed to the function; the others are passed over.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from infra.local.aws.gateway.template import Properties


@dataclass(frozen=True, slots=True)
class Filters:
    """The patterns of one mapping. A record is accepted by any of them; without patterns, all are."""

    patterns: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, properties: Properties) -> Self:
        given = properties.get("FilterCriteria", {}).get("Filters", [])
        return cls(tuple(json.loads(one["Pattern"]) for one in given))

    def accept(self, record: Mapping[str, Any]) -> bool:
        """Raises `ValueError` for a pattern of a kind that is not known here."""
        return not self.patterns or any(_matches(pattern, record) for pattern in self.patterns)


def _matches(pattern: Mapping[str, Any], record: object) -> bool:
    """Each name in the pattern leads to an object that matches, or to one of the listed texts or beginnings."""
    if not isinstance(record, Mapping):
        return False
    return all(
        _matches(wanted, record.get(name)) if isinstance(wanted, Mapping) else _is_any_of(wanted, record.get(name))
        for name, wanted in pattern.items()
    )


def _is_any_of(wanted: object, found: object) -> bool:
    if not isinstance(wanted, list):
        raise ValueError(f"{wanted} is neither an object nor a list")
    return any(_is(one, found) for one in wanted)


def _is(wanted: object, found: object) -> bool:
    match wanted:
        case str():
            return found == wanted
        case {"prefix": str(beginning), **rest} if not rest:
            return isinstance(found, str) and found.startswith(beginning)
    raise ValueError(f"a filter of the kind {wanted} is not known here")
