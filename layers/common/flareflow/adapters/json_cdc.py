"""JSON-Cadence: how Flow writes the values of scripts, events and arguments.

Read values become plain Python: every integer type an `int`; `UFix64` and `Fix64` an `int` of 1e-8 units, exactly;
`String`, `Character` and `Address` (with `0x`) a `str`; `Optional` the value or None; an array a list; a dictionary a
dict; a struct, resource, event or enum the dict of its fields. Models parse these further.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

UNITS_PER_TOKEN: Final = 10**8
NESTING_MAX: Final = 32

type Value = bool | int | str | None | list[Value] | dict[str, Value]


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a script or transaction, by its Cadence type and its JSON-Cadence value."""

    type: str
    value: object

    def as_json(self) -> dict[str, object]:
        """The object that JSON-Cadence writes for it."""
        return {"type": self.type, "value": self.value}

    def encode(self) -> bytes:
        """The text that goes into a transaction, and so into its id: compact and in UTF-8."""
        return json.dumps(self.as_json(), separators=(",", ":"), ensure_ascii=False).encode()


def uint64(number: int) -> Argument:
    return Argument("UInt64", str(number))


def uint256(number: int) -> Argument:
    return Argument("UInt256", str(number))


def ufix64(units: int) -> Argument:
    """A `UFix64` of so many 1e-8 units."""
    whole, fraction = divmod(units, UNITS_PER_TOKEN)
    return Argument("UFix64", f"{whole}.{fraction:08d}")


def string(text: str) -> Argument:
    return Argument("String", text)


def address(text: str) -> Argument:
    """A Flow address, written with or without `0x`."""
    return Argument("Address", "0x" + text.removeprefix("0x"))


def array[T](of: Callable[[T], Argument], items: Sequence[T]) -> Argument:
    """An array whose items are all made by `of`: `array(uint64, [1, 2])`."""
    return Argument("Array", [of(item).as_json() for item in items])


def decode(text: str | bytes) -> Value:
    """Read one JSON-Cadence document; raises ValueError for anything that it does not understand."""
    return _value(json.loads(text), NESTING_MAX)


def _value(node: object, depth: int) -> Value:
    if depth == 0:
        raise ValueError(f"a Cadence value is nested deeper than {NESTING_MAX}")
    match node:
        case {"type": "Void"} | {"type": "Optional", "value": None}:
            return None
        case {"type": "Optional", "value": inner}:
            return _value(inner, depth - 1)
        case {"type": "Bool", "value": bool(truth)}:
            return truth
        case {"type": "String" | "Character" | "Address", "value": str(text)}:
            return text
        case {"type": "UFix64" | "Fix64", "value": str(text)}:
            return _units(text)
        case {"type": str(name), "value": str(text)} if name.startswith(("Int", "UInt", "Word")):
            return int(text)
        case {"type": "Array", "value": list(items)}:
            return [_value(item, depth - 1) for item in items]
        case {"type": "Dictionary", "value": list(pairs)}:
            return {str(_value(pair["key"], depth - 1)): _value(pair["value"], depth - 1) for pair in pairs}
        case {"type": "Struct" | "Resource" | "Event" | "Enum", "value": {"fields": list(fields)}}:
            return {field["name"]: _value(field["value"], depth - 1) for field in fields}
        case _:
            raise ValueError(f"not a Cadence value that we read: {str(node)[:100]}")


def _units(text: str) -> int:
    try:
        units = Decimal(text) * UNITS_PER_TOKEN
    except InvalidOperation as error:
        raise ValueError(f"not a fixed-point number: {text[:100]}") from error
    if units != units.to_integral_value():
        raise ValueError(f"a fixed-point number has at most 8 decimals: {text[:100]}")
    return int(units)
