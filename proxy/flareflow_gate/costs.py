"""What a call has cost, as the caller is told it: rated tokens, the unit that plans price.

A whole answer has it in a header, a stream in a comment of its last event; both in `usage.cost`, where the answer tells
its usage.
"""

from collections.abc import Mapping
from typing import Any, Final

COST_HEADER: Final = b"x-flareflow-cost"
MICROTOKENS: Final = 10**6


def cost_text(rated_microtokens: int) -> str:
    """Rated tokens with as many decimals as needed, six at most."""
    whole, part = divmod(rated_microtokens, MICROTOKENS)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".")


def with_cost(usage: Mapping[str, Any], rated_microtokens: int) -> dict[str, Any]:
    """A usage object with `cost`, a JSON number; exact below 10^9 rated tokens.

    It takes the place of any `cost` that LiteLLM tells, which is the operator's.
    """
    return {**usage, "cost": rated_microtokens / MICROTOKENS}
