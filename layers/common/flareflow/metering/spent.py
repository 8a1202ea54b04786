"""What keys have spent, as it was billed and as LiteLLM counted it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from flareflow.metering.models import Usage

MICROTOKENS_PER_UNIT: Final = 10**12
NANOUSD_PER_ROW: Final = 2
"""Costs are sums of floats at LiteLLM and of rounded nano-dollars here: so far they may be apart for each row."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Rows or answered calls of a key, and what they cost.

    `rated_microtokens`: what was billed for them. LiteLLM counts none, so it is no part of a comparison.
    """

    rows: int = 0
    cost_nanousd: int = 0
    rated_microtokens: int = field(default=0, compare=False)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.rows + other.rows,
            self.cost_nanousd + other.cost_nanousd,
            self.rated_microtokens + other.rated_microtokens,
        )


@dataclass(frozen=True, slots=True)
class BilledCall:
    """A billed call, as much of it as is compared."""

    subscription_id: int
    key_hash: str
    started_at: datetime
    usage: Usage
    model: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What LiteLLM had counted for a key and what had been billed for it, at one moment."""

    counted: Spent = Spent()
    billed_nanousd: int = 0


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One line of a report: a key on a day, or over all days when `day` is None.

    `settled`: the same numbers so long ago that each side must have the other's by now. It is empty until then.
    """

    key_hash: str
    day: date | None
    billed: Spent
    counted: Spent
    settled: Compared = Compared()

    @property
    def missing(self) -> Spent:
        """What LiteLLM had counted long ago and nobody was billed for; nothing where the numbers agree."""
        before = self.settled.counted
        cost = before.cost_nanousd - self.billed.cost_nanousd
        tolerated = NANOUSD_PER_ROW * max(before.rows, self.billed.rows, 1)
        return Spent(max(0, before.rows - self.billed.rows), cost if cost > tolerated else 0)

    @property
    def surplus_nanousd(self) -> int:
        """What was billed long ago and LiteLLM has not counted; nothing where the numbers agree."""
        cost = self.settled.billed_nanousd - self.counted.cost_nanousd
        return cost if cost > NANOUSD_PER_ROW * max(self.billed.rows, 1) else 0


@dataclass(frozen=True, slots=True)
class Sold:
    """What was billed of a model: calls, what they weigh, and what LiteLLM says that they cost."""

    calls: int = 0
    rated_microtokens: int = 0
    cost_nanousd: int = 0

    def __add__(self, other: "Sold") -> "Sold":
        return Sold(
            self.calls + other.calls,
            self.rated_microtokens + other.rated_microtokens,
            self.cost_nanousd + other.cost_nanousd,
        )


@dataclass(frozen=True, slots=True)
class MarginLine:
    """One line of the report of margins: a model on a day. `unit_nanousd`: what a million rated tokens are worth."""

    model: str
    day: date
    sold: Sold
    unit_nanousd: int

    @property
    def revenue_nanousd(self) -> int:
        return self.sold.rated_microtokens * self.unit_nanousd // MICROTOKENS_PER_UNIT

    @property
    def margin_nanousd(self) -> int:
        """Negative where the model costs more than it brings."""
        return self.revenue_nanousd - self.sold.cost_nanousd
