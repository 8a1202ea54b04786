"""LiteLLM's cost map: dollars for what a model uses. Prices are read as decimals from their text, never as floats."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from infra.paths import LOCAL

INSTALLED: Final = LOCAL / "litellm" / "venv" / "lib"
FILE_NAME: Final = "litellm/model_prices_and_context_window_backup.json"
NO_MODELS: Final = frozenset({"sample_spec", "fallback_generalizations"})
PRICE: Final = re.compile(r".*(cost|price)(_|$).*")
ABOVE: Final = re.compile(r"(?P<name>\w+?_cost\w*?)_above_(?P<thousands>\d+)k_tokens")

type Entry = Mapping[str, Any]


class WrongPricesError(Exception):
    """Prices that nobody can ask for; the message lists them all."""


@dataclass(frozen=True, slots=True)
class CostMap:
    """The entries of the map by the model's name in lower case."""

    entries: Mapping[str, Entry]

    @classmethod
    def read(cls, path: Path) -> "CostMap":
        """Raises WrongPricesError for a negative or infinite price, for no number, and for a name given twice."""
        parsed = json.loads(path.read_bytes(), parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
        entries: dict[str, Entry] = {}
        wrong = []
        for name, entry in parsed.items():
            if name in NO_MODELS:
                continue
            wrong += [f"{name}: {complaint}" for complaint in _complaints(entry)]
            if name.lower() in entries:
                wrong.append(f"{name}: named twice, with other capitals")
            entries[name.lower()] = entry
        if wrong:
            raise WrongPricesError("\n".join(wrong))
        return cls(entries)


def installed() -> Path:
    """The map in the package that `make install` has installed. Raises FileNotFoundError."""
    found = sorted(INSTALLED.glob(f"python*/site-packages/{FILE_NAME}"))
    if not found:
        raise FileNotFoundError(f"there is no {FILE_NAME} below {INSTALLED}; run make install, or name a file")
    return found[-1]


def dollars(entry: Entry, *names: str) -> Decimal | None:
    """The first of these prices that the entry has."""
    return next((Decimal(str(entry[name])) for name in names if entry.get(name) is not None), None)


def long_inputs(entry: Entry) -> Iterator[tuple[int, Entry]]:
    """The prices of calls whose input is longer than so many tokens, by rising length."""
    tiers = [tier for tier in entry.get("tiered_pricing") or () if "input_cost_per_token" in tier]
    for tier in tiers[1:]:
        yield int(tier["range"][0]), tier
    found: dict[int, dict[str, Any]] = {}
    for name, value in entry.items():
        if (long := ABOVE.fullmatch(name)) and value is not None:
            found.setdefault(int(long["thousands"]) * 1_000, {})[long["name"]] = value
    yield from sorted(found.items())


def with_first_tier(entry: Entry) -> Entry:
    """The entry with the prices of its shortest inputs, where it has tiers only."""
    tiers = [tier for tier in entry.get("tiered_pricing") or () if "input_cost_per_token" in tier]
    return {**(tiers[0] if tiers else {}), **entry}


def _complaints(entry: Entry) -> Iterator[str]:
    for name, value in entry.items():
        if isinstance(value, Mapping):
            yield from (f"{name}.{one}" for one in _complaints(value))
        elif isinstance(value, list):
            for one in value:
                yield from (
                    f"{name}.{complaint}" for complaint in (_complaints(one) if isinstance(one, Mapping) else ())
                )
        elif PRICE.fullmatch(name) and value is not None and (complaint := _complaint(value)):
            yield f"{name} is {value}, {complaint}"


def _complaint(value: object) -> str | None:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return "no number"
    if not price.is_finite():
        return "not finite"
    return "negative" if price < 0 else None
