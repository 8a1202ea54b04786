"""What the public sees of prices: the plans, and the rate at which those in dollars would be charged now."""

from collections.abc import Sequence
from dataclasses import dataclass

from flareflow.settlement.charging import KnownRate
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.ports import KnownRates, Plans


@dataclass(frozen=True, slots=True)
class PlanList:
    """Every version of every plan. `rate` is the last one that the contract would have used; None before it.

    `token_symbol` tells which token the currency `token` is, for example FLOW.
    """

    plans: Sequence[PlanVersion]
    token_symbol: str
    rate: KnownRate | None


@dataclass(frozen=True, slots=True)
class ReadPlans:
    """Lists plans and the rate."""

    plans: Plans
    rates: KnownRates
    token_symbol: str

    def run(self) -> PlanList:
        return PlanList(self.plans.all(), self.token_symbol, self.rates.last_rate())
