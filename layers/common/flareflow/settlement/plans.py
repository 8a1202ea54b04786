"""The versions of plans as the chain's events announce them. A version never changes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from flareflow.settlement.charging import UNITS
from flareflow.settlement.pricing import Currency, Tariff, Tiers

if TYPE_CHECKING:
    from flareflow.settlement.events import PlanAdded


@dataclass(frozen=True, slots=True)
class NextPlan:
    """A version of a plan that an owner has accepted, and the epoch from which on a settled page puts it in force."""

    plan_id: int
    plan_version: int
    tariff: Tariff
    from_epoch: int


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of a plan, which can be accepted from `effective_at` on.

    Deposit and low balance are in 1e-8 of the token. `is_retired`: nobody can accept any version of the plan any more.
    """

    plan_id: int
    plan_version: int
    tariff: Tariff
    minimum_deposit_ufix64: int
    low_balance_ufix64: int
    effective_at: datetime
    is_retired: bool = False

    @classmethod
    def of(cls, added: "PlanAdded", *, token_is_dollar: bool) -> Self:
        """The version that an event announces. `token_is_dollar`: a token is worth a dollar by definition."""
        needs_rate = added.is_in_dollars and not token_is_dollar
        currency = Currency.USD if added.is_in_dollars else Currency.TOKEN
        return cls(
            added.plan_id,
            added.plan_version,
            Tariff(Tiers(added.tiers), currency, needs_rate),
            added.minimum_deposit_ufix64,
            added.low_balance_ufix64,
            datetime.fromtimestamp(0, UTC) + timedelta(microseconds=added.effective_at_ufix64 * 10**6 // UNITS),
        )
