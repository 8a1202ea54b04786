"""What usage costs: a pure function of the cumulative rated total, the same here as in the contracts.

Graduated tiers: each price holds for the part of the total that lies in its tier. A settlement charges the price of
the new total less what was charged before, so skipped, repeated and late settlements cannot change a bill. Prices and
bills are in the currency of the plan; `settlement.charging` turns bills in dollars into tokens.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

MICROTOKENS_PER_TOKEN: Final = 1_000_000
PRICED_TOKENS: Final = 1_000
PRICED_MICROTOKENS: Final = PRICED_TOKENS * MICROTOKENS_PER_TOKEN


class Currency(StrEnum):
    """What a plan is priced in: the token in which deposits are held (FLOW by default), or US dollars."""

    TOKEN = "token"  # noqa: S105  # a currency, no password
    USD = "USD"


@dataclass(frozen=True, slots=True)
class Tier:
    """A price in 1e-8 for 1,000 rated tokens, for the part of a total below `end_tokens`; None means no end."""

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


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices of a plan. `needs_rate`: a bill in dollars becomes tokens at the rate of the moment of the charge.

    Plans in dollars need no rate where a token of the deposits is worth a dollar by definition.
    """

    tiers: Tiers = DEFAULT_TIERS
    currency: Currency = Currency.TOKEN
    needs_rate: bool = False


def exact_cost(total_microtokens: int, plan: Tiers = DEFAULT_TIERS) -> int:
    """What a cumulative total of rated micro-tokens costs since the beginning, in 1e-17 of the plan's currency.

    A price has 8 decimals and holds for 1e9 micro-tokens, so nothing is rounded. Raises ValueError below zero.
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
    return cost


def rounded(cost: int) -> int:
    """A cost in 1e-17 as money in 1e-8: rounded down, so that the user never pays for a fraction of a unit.

    A cost below zero is nothing.
    """
    return max(0, cost) // PRICED_MICROTOKENS


def charge_ufix64(total_microtokens: int, plan: Tiers = DEFAULT_TIERS) -> int:
    """The price of a cumulative total, in 1e-8 of the plan's currency, rounded down once.

    Raises ValueError below zero.
    """
    return rounded(exact_cost(total_microtokens, plan))
