"""A subscription's balances, as its journal says."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.positions import Position, Waiting
from flareflow.settlement.pricing import PRICED_MICROTOKENS, Tariff, exact_cost, rounded
from flareflow.settlement.spend_caps import SpendCap

DEFAULT_TARIFF: Final = Tariff()
AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SubscriptionStatus(StrEnum):
    """`suspended`: something is owed. `exiting`: the owner announced the end of the subscription."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXITING = "exiting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription's balances: the projection of its entries. `position` is its last event that was looked at.

    `waits_for` is its first event that is set aside, if any; that and all later ones are not in the balances.

    `owed_ufix64` is in 1e-8 of the plan's currency, every other amount in 1e-8 of the token. `cost_offset` is how much
    more (or less, if negative) any total costs than by the present plan alone, in 1e-17 of the plan's currency: earlier
    plans and forgiven debts. `paid_dollars_ufix64` is what was paid of bills that needed a rate, in 1e-8 dollars.
    `has_ended`: nothing is charged any more, because it is closed or the provider has ended it.

    Raises BrokenRuleError unless deposited + credited = balance + charged + withdrawn + refunded, none of it negative.
    """

    subscription_id: int
    owner: str
    plan_id: int
    plan_version: int
    position: Position
    tariff: Tariff = DEFAULT_TARIFF
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    balance_ufix64: int = 0
    deposited_ufix64: int = 0
    credited_ufix64: int = 0
    charged_ufix64: int = 0
    withdrawn_ufix64: int = 0
    refunded_ufix64: int = 0
    owed_ufix64: int = 0
    settled_microtokens: int = 0
    settled_epoch: int | None = None
    cost_offset: int = 0
    paid_dollars_ufix64: int = 0
    spend_cap: SpendCap | None = None
    has_ended: bool = False
    next_plan: NextPlan | None = None
    waits_for: Waiting | None = None

    def __post_init__(self) -> None:
        parts = (self.balance_ufix64, self.charged_ufix64, self.withdrawn_ufix64, self.refunded_ufix64)
        if self.deposited_ufix64 + self.credited_ufix64 != sum(parts) or min(*parts, self.owed_ufix64) < 0:
            raise BrokenRuleError(f"deposited + credited = balance + charged + withdrawn + refunded is broken: {self}")

    def with_balance(self, reported_ufix64: int) -> Self:
        """The subscription itself. Raises BrokenRuleError unless its balance is the one that the event reports."""
        if self.balance_ufix64 != reported_ufix64:
            raise BrokenRuleError(f"the chain reports the balance {reported_ufix64}: {self}")
        return self

    def spendable_ufix64(self, now: datetime) -> int:
        """What may be charged now, in 1e-8 of the token: the balance, within the spend cap."""
        if self.spend_cap is None:
            return self.balance_ufix64
        cap = self.spend_cap.at(now, self.charged_ufix64)
        return min(self.balance_ufix64, cap.left_ufix64(self.charged_ufix64))

    @property
    def chargeable_from(self) -> datetime | None:
        """From when on another page charges what is owed: at once, or when the spend cap's period ends.

        None if nothing is owed, or nothing is left that could be charged.
        """
        if self.owed_ufix64 == 0 or self.balance_ufix64 == 0 or self.has_ended:
            return None
        cap = self.spend_cap
        return AT_ONCE if cap is None or cap.left_ufix64(self.charged_ufix64) else cap.period_ends_at

    @property
    def needs_rate(self) -> bool:
        """Whether usage is, or may soon be, billed in dollars."""
        return self.tariff.needs_rate or (self.next_plan is not None and self.next_plan.tariff.needs_rate)

    @property
    def paid_ufix64(self) -> int:
        """What was paid of the bill, in 1e-8 of the plan's currency."""
        return self.paid_dollars_ufix64 if self.tariff.needs_rate else self.charged_ufix64

    def exact_cost(self, total_microtokens: int) -> int:
        """What a cumulative total costs this subscription, in 1e-17 of the plan's currency."""
        return exact_cost(total_microtokens, self.tariff.tiers) + self.cost_offset

    def due_ufix64(self, total_microtokens: int) -> int:
        """What a total leaves to be paid, with what is owed, in 1e-8 of the plan's currency."""
        return max(0, rounded(self.exact_cost(total_microtokens)) - self.paid_ufix64)


def on_plan(before: Subscription, plan: NextPlan, start: int) -> Subscription:
    """The subscription with the plan in force from the total `start` on, which keeps its bill.

    Where the currency changes, the bill is what was paid in the new one.
    """
    following = replace(before, plan_id=plan.plan_id, plan_version=plan.plan_version, tariff=plan.tariff)
    after = replace(following, cost_offset=0, next_plan=None)
    if plan.tariff.needs_rate == before.tariff.needs_rate:
        cost = before.exact_cost(start)
    else:
        cost = after.paid_ufix64 * PRICED_MICROTOKENS
    return replace(after, cost_offset=cost - after.exact_cost(start))
