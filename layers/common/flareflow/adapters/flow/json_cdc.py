"""JSON-Cadence: the encoding of values in scripts, events and arguments on Flow.

Values are decoded to plain Python: every integer type to `int`; `UFix64` and `Fix64` to an exact `int` of 1e-8 units;
`String`, `Character` and `Address` (with `0x`) to `str`; `Optional` to the value or None; arrays to lists;
dictionaries to dicts; a struct, resource, event or enum to a dict of its fields. Source: Cadence's JSON-CDC format.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

UNITS_PER_TOKEN: Final = 10**8
NESTING_MAX: Final = 32
SHOWN_MAX: Final = 100

type Value = bool | int | str | list[Value] | dict[str, Value] | None


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a script or transaction, by its Cadence type and its JSON-Cadence value."""

    type: str
    value: object

    def as_json(self) -> dict[str, object]:
        """The JSON-Cadence object of this argument."""
        return {"type": self.type, "value": self.value}

    def encode(self) -> bytes:
        """The bytes that go into a transaction, and so into its id: compact JSON in UTF-8."""
        return json.dumps(self.as_json(), separators=(",", ":"), ensure_ascii=False).encode()


def uint64(number: int) -> Argument:
    return Argument("UInt64", str(number))


def uint256(number: int) -> Argument:
    return Argument("UInt256", str(number))


def ufix64(units: int) -> Argument:
    """A `UFix64`, given in 1e-8 units."""
    whole, fraction = divmod(units, UNITS_PER_TOKEN)
    return Argument("UFix64", f"{whole}.{fraction:08d}")


def string(text: str) -> Argument:
    return Argument("String", text)


def address(text: str) -> Argument:
    """A Flow address, given with or without `0x`."""
    return Argument("Address", "0x" + text.removeprefix("0x"))


def array[T](of: Callable[[T], Argument], items: Sequence[T]) -> Argument:
    """An array of items that `of` encodes: `array(uint64, [1, 2])`."""
    return Argument("Array", [of(item).as_json() for item in items])


def decode(text: str | bytes) -> Value:
    """The value of one JSON-Cadence document. Raises ValueError for any other text and for unknown types."""
    try:
        return _value(json.loads(text), NESTING_MAX)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not JSON-Cadence: {str(text)[:SHOWN_MAX]}") from error


def _value(node: object, depth: int) -> Value:
    if depth == 0:
        raise ValueError(f"a Cadence value is nested deeper than {NESTING_MAX}")
    match node:
        case {"type": "Void"} | {"type": "Optional", "value": None}:
            return None
        case {"type": "Bool", "value": bool(truth)}:
            return truth
        case {"type": str(name), "value": str(text)}:
            return _scalar(name, text)
        case {"type": str(name), "value": content}:
            return _compound(name, content, depth - 1)
    raise ValueError(f"not a Cadence value: {str(node)[:SHOWN_MAX]}")


def _scalar(name: str, text: str) -> Value:
    if name in {"String", "Character", "Address"}:
        return text
    if name in {"UFix64", "Fix64"}:
        return _units(text)
    if name.startswith(("Int", "UInt", "Word")):
        return int(text)
    raise ValueError(f"not a known Cadence type: {name[:SHOWN_MAX]}")


def _compound(name: str, content: object, depth: int) -> Value:
    match name, content:
        case "Optional", inner:
            return _value(inner, depth)
        case "Array", list(items):
            return [_value(item, depth) for item in items]
        case "Dictionary", list(pairs):
            return {str(_value(pair["key"], depth)): _value(pair["value"], depth) for pair in pairs}
        case "Struct" | "Resource" | "Event" | "Enum", {"fields": list(fields)}:
            return {field["name"]: _value(field["value"], depth) for field in fields}
    raise ValueError(f"not a known Cadence type: {name[:SHOWN_MAX]}")


def _units(text: str) -> int:
    try:
        units = Decimal(text) * UNITS_PER_TOKEN
    except InvalidOperation as error:
        raise ValueError(f"not a fixed-point number: {text[:SHOWN_MAX]}") from error
    if units != units.to_integral_value():
        raise ValueError(f"a fixed-point number has at most 8 decimals: {text[:SHOWN_MAX]}")
    return int(units)
