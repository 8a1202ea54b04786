"""Typed settings. No other module reads the environment; it is read once, when a function is first composed."""

import os
from typing import Self

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of each function's settings: a field `usage_table` is read from `USAGE_TABLE`.

    A missing or malformed variable raises pydantic's ValidationError, which names it, at the first invocation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def from_environment(cls) -> Self:
        given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        return cls.model_validate(given)
