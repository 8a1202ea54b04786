"""Whether calls of a type are billed, by LiteLLM's names of all types of calls that it logs."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

FILE: Final = Path(__file__).with_name("call_types.json")


class Billing(StrEnum):
    """Whether calls of a type are billed."""

    BILLED = "billed"
    BILLED_WHEN_THEY_COST = "billed_when_they_cost"
    """They read what another call made, and tell the usage of what was answered later, without a caller."""
    NOT_BILLED = "not_billed"
    """They only read or manage."""


class CallTypes(BaseModel):
    """The list in `call_types.json`: the names of types by whether such calls are billed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: Mapping[Billing, Sequence[str]]

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        names = [name for names in self.names.values() for name in names]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the list says two things of {', '.join(sorted(twice))}")
        return self

    def billing_of(self, call_type: str) -> Billing | None:
        """Whether calls of a type are billed; None when the list does not say."""
        return self._by_name.get(call_type)

    @cached_property
    def _by_name(self) -> dict[str, Billing]:
        return {name: billing for billing, names in self.names.items() for name in names}


@cache
def known_call_types() -> CallTypes:
    """The list that is deployed with the code."""
    return CallTypes.model_validate({"names": json.loads(FILE.read_bytes())})
