"""The outside systems, and how each does its part."""

from enum import StrEnum


class Health(StrEnum):
    """`late`: it has done its part, but not lately. `unknown`: it never has."""

    OK = "ok"
    LATE = "late"
    UNKNOWN = "unknown"


class System(StrEnum):
    """The outside systems: `litellm` by its spend log, `flare` by the oldest request, `flow` by its events."""

    LITELLM = "litellm"
    FLARE = "flare"
    FLOW = "flow"
    PRICE_ORACLE = "price_oracle"
