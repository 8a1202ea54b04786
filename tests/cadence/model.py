"""What `UsageBasedSubscriptions` should do, written a second time and as plainly as can be. Amounts in 1e-8 FLOW."""

from dataclasses import dataclass, field
from typing import Final

from flareflow.settlement.pricing import DEFAULT_TIERS, MICROTOKENS_PER_TOKEN, PRICED_MICROTOKENS, Tier, Tiers

DEAR: Final = Tiers((Tier(1_000, 5 * 10**8), Tier(50_000, 7 * 10**8), Tier(None, 10**8)))
PLANS: Final = {0: DEFAULT_TIERS, 1: DEAR}


def exact_cost(plan: int, start: int, end: int) -> int:
    """What the micro-tokens from one total up to another cost, in 1e-8 FLOW x 1e-9: nothing is rounded."""
    cost, lower = 0, 0
    for tier in PLANS[plan].tiers:
        upper = end if tier.end_tokens is None else tier.end_tokens * MICROTOKENS_PER_TOKEN
        cost += max(0, min(end, upper) - max(start, lower)) * tier.price_ufix64
        lower = upper
    return cost


@dataclass
class Deposit:
    """A subscription. `spans` are the totals at which plans began, and those plans."""

    subscription: int
    owner: int
    balance: int
    deposited: int
    charged: int = 0
    withdrawn: int = 0
    refunded: int = 0
    total: int = 0
    cap: int | None = None
    spent: int = 0
    is_leaving: bool = False
    is_closed: bool = False
    spans: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])

    @property
    def price(self) -> int:
        ends = [start for start, _ in self.spans[1:]] + [self.total]
        exact = sum(exact_cost(plan, start, end) for (start, plan), end in zip(self.spans, ends, strict=True))
        return exact // PRICED_MICROTOKENS

    @property
    def owed(self) -> int:
        return self.price - self.charged

    def charge(self) -> int:
        """Move what is owed to the revenue, as far as balance and cap allow; how much that was."""
        allowed = self.owed if self.cap is None else max(0, self.cap - self.spent)
        amount = min(self.owed, self.balance, allowed)
        self.balance -= amount
        self.charged += amount
        if self.cap is not None:
            self.spent += amount
        return amount

    def set_cap(self, limit: int | None) -> int:
        self.cap, self.spent = limit, 0 if self.cap is None or limit is None else self.spent
        return self.charge()

    def state(self) -> list[int]:
        """Everything that the chain should say of it, in a fixed order."""
        sums = [self.deposited, self.balance, self.charged, self.withdrawn, self.refunded]
        return [*sums, self.owed, self.total]
