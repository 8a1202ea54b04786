"""Typed settings: the environment is read here and nowhere else, once, when a function is put together."""

import os
from typing import Self

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of each function's settings: a field `usage_table` is read from `USAGE_TABLE`.

    A missing or malformed variable fails the cold start with pydantic's message, which names it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def from_environment(cls) -> Self:
        given = {name: os.environ[name.upper()] for name in cls.model_fields if name.upper() in os.environ}
        return cls.model_validate(given)
