"""The price book: the pricing class of each model, and the weight of a token of each class."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, PositiveInt, model_validator

from flareflow.keccak import keccak256

BOOK_FILE: Final = Path(__file__).with_name("price_book.json")


class Billing(StrEnum):
    """Whether calls of a type are billed."""

    BILLED = "billed"
    BILLED_WHEN_THEY_COST = "billed_when_they_cost"
    """They read what another call made, and tell the usage of what was answered later, without a caller."""
    NOT_BILLED = "not_billed"
    """They only read or manage."""


class PriceBook(BaseModel):
    """One version of the book.

    `classes`: class -> rated micro-tokens of one token (1_500_000 is x1.5).
    `models`: name of the model in requests -> class; every other model has `default_class`.
    `call_types`: LiteLLM's names of the kinds of calls that it logs, by whether they are billed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: PositiveInt
    default_class: str
    classes: Mapping[str, PositiveInt]
    models: Mapping[str, str]
    call_types: Mapping[Billing, Sequence[str]]

    @model_validator(mode="after")
    def _name_only_known_classes(self) -> Self:
        unknown = {self.default_class, *self.models.values()} - self.classes.keys()
        if unknown:
            raise ValueError(f"the book has no class {', '.join(sorted(unknown))}")
        return self

    @model_validator(mode="after")
    def _name_each_call_type_once(self) -> Self:
        names = [name for names in self.call_types.values() for name in names]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the book says two things of {', '.join(sorted(twice))}")
        return self

    @classmethod
    def load(cls) -> "PriceBook":
        """The book in force; it is deployed with the code."""
        return cls.model_validate_json(BOOK_FILE.read_bytes())

    def class_of(self, model: str) -> str:
        return self.models.get(model, self.default_class)

    def billing_of(self, call_type: str) -> Billing | None:
        """Whether calls of a type are billed; None when the book does not say."""
        return next((billing for billing, names in self.call_types.items() if call_type in names), None)

    def rate(self, model: str, tokens: int) -> int:
        """The weight of `tokens` of `model`, in rated micro-tokens; exact."""
        return tokens * self.classes[self.class_of(model)]

    @cached_property
    def canonical_json(self) -> str:
        """The book as JSON text in one form: ASCII, keys sorted, no spaces."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @cached_property
    def hash(self) -> bytes:
        """Keccak-256 of the canonical JSON; statements carry it."""
        return keccak256(self.canonical_json.encode())
