"""The forms of values in the HTTP API's answers. Each answer is a model of its own, so nothing else is published.

Integers are decimal text, because JavaScript reads numbers above 2^53 inexactly; bytes are 0x hex; times are ISO 8601
text in UTC. `examples` make the examples of docs/openapi.json.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from flareflow.json_format import timestamp

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

COST_DECIMALS: Final = 17
_DIGITS: Final = r"^[0-9]{1,39}$"

Number = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DIGITS, "examples": ["1250000"]}, mode="serialization"),
]
"""An integer from 0 on."""
SignedNumber = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,39}$", "examples": ["-2500"]}, mode="serialization"),
]
"""An integer that may be below 0."""
Money = Annotated[
    int,
    PlainSerializer(lambda cost: decimal_text(cost, COST_DECIMALS), return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,17})?$", "examples": ["0.00086"]}, mode="serialization"
    ),
]
"""An exact cost in 1e-17 of a currency, as a decimal number in that currency."""
Hex = Annotated[
    bytes,
    PlainSerializer(lambda value: f"0x{value.hex()}", return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": "^0x([0-9a-f]{2})*$", "examples": ["0x" + "3f" * 32]}, mode="serialization"
    ),
]
"""Bytes."""
Moment = Annotated[
    datetime,
    PlainSerializer(timestamp, return_type=str),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-11-24T12:00:00.000000Z"]}, mode="serialization"
    ),
]
"""A time in UTC."""
Address = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-f]{16}$", "examples": ["0x01cf0e2f2f715450"]})
]
"""A Flow address."""
KeyHash = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$", "examples": ["9b" * 32]})]
"""The SHA-256 of a virtual key, in hex."""
CsvText = Annotated[str, WithJsonSchema({"type": "string", "examples": ["event_id,started_at,…"]})]
"""A table (RFC 4180)."""
Cursor = Annotated[
    str | None,
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 200}, {"type": "null"}], "examples": ["MDAwMDAwMTc"]}),
]
"""The `cursor` of the next part of a list; null at its end."""


@dataclass(frozen=True, slots=True)
class DocumentedAs:
    """Metadata of a text that is the JSON of a model: the text is answered as it is, and documented by the model."""

    model: Callable[[], type[BaseModel]]
    example: Mapping[str, object]

    def __get_pydantic_json_schema__(self, _: "CoreSchema", handler: "GetJsonSchemaHandler") -> "JsonSchemaValue":
        return {**handler(self.model().__pydantic_core_schema__), "examples": [self.example]}


def shown(example: str) -> Any:
    """Metadata of a text: what it looks like in examples."""
    return Field(examples=[example])


def decimal_text(amount: int, decimals: int) -> str:
    """An amount in units of 10^-decimals as a decimal number, without zeros at its end."""
    whole, part = divmod(abs(amount), 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0")
    return f"{'-' if amount < 0 else ''}{whole}{'.' if digits else ''}{digits}"


class Answer(BaseModel):
    """Base of all answers: the fields that are named here, and no others, of the value that a use case returns."""

    model_config = ConfigDict(frozen=True, from_attributes=True, defer_build=True)

    @classmethod
    def of(cls, value: object) -> Self:
        """The answer of a use case's result. Raises ValidationError when it lacks a field."""
        return cls.model_validate(value)


class Page[T](Answer):
    """A part of a list; `next_cursor` is the `cursor` of the next part, null at the end."""

    items: list[T]
    next_cursor: Cursor
