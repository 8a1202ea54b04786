"""What usage costs: a pure function of the cumulative rated total, the same here as in the contracts.

Graduated tiers: each price holds for the part of the total that lies in its tier. A settlement charges the price of
the new total less what was charged before, so skipped, repeated and late settlements cannot change a bill.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MICROTOKENS_PER_TOKEN: Final = 1_000_000
PRICED_TOKENS: Final = 1_000
PRICED_MICROTOKENS: Final = PRICED_TOKENS * MICROTOKENS_PER_TOKEN


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in 1e-8 FLOW for 1,000 tokens, for the part of a total below `end_tokens`; None means no end."""

    end_tokens: int | None
    price_ufix64: int


@dataclass(frozen=True, slots=True)
class Tiers:
    """The tiers of a plan by rising end, of which only the last has no end. Raises ValueError otherwise."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        ends = [0, *(tier.end_tokens for tier in self.tiers if tier.end_tokens is not None)]
        rising = all(lower < upper for lower, upper in pairwise(ends))
        open_ended = [tier.end_tokens is None for tier in self.tiers]
        if not rising or open_ended != [False] * (len(ends) - 1) + [True]:
            raise ValueError(f"tiers need rising ends, and a last one without end: {self.tiers}")
        if any(tier.price_ufix64 < 0 for tier in self.tiers):
            raise ValueError(f"a price is never negative: {self.tiers}")


DEFAULT_TIERS: Final = Tiers(
    (
        Tier(100_000, 2_000_000),
        Tier(1_000_000, 1_500_000),
        Tier(10_000_000, 1_000_000),
        Tier(None, 800_000),
    )
)


def charge_ufix64(total_microtokens: int, plan: Tiers = DEFAULT_TIERS) -> int:
    """What a cumulative total of rated micro-tokens costs since the beginning, in 1e-8 FLOW.

    Rounded down, once, at the end: the user never pays for a fraction of a unit. Raises ValueError below zero.
    """
    if total_microtokens < 0:
        raise ValueError(f"a total is never negative: {total_microtokens}")
    start, cost = 0, 0
    for tier in plan.tiers:
        end = total_microtokens if tier.end_tokens is None else tier.end_tokens * MICROTOKENS_PER_TOKEN
        portion = min(total_microtokens, end) - start
        if portion <= 0:
            break
        cost += portion * tier.price_ufix64
        start = end
    return cost // PRICED_MICROTOKENS
