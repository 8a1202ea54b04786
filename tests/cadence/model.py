"""What `UsageBasedSubscriptions` should do, written a second time and as plainly as can be. Amounts in 1e-8 FLOW."""

from dataclasses import dataclass, field, replace
from typing import Final

from flareflow.settlement.pricing import DEFAULT_TIERS, MICROTOKENS_PER_TOKEN, PRICED_MICROTOKENS, Tier, Tiers

PERIOD: Final = 30 * 24 * 3_600
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
class Cap:
    """The most that is charged in a period. What was owed when the period began is charged even above the limit."""

    limit: int
    end: int
    before: int
    carried: int

    def at(self, now: int, charged: int, owed: int) -> "Cap":
        """The cap in the period that runs now."""
        if now < self.end:
            return self
        return Cap(self.limit, now - (now - self.end) % PERIOD + PERIOD, charged, owed)

    def left(self, charged: int) -> int:
        return max(0, max(self.limit, self.carried) - (charged - self.before))


@dataclass
class Deposit:
    """A subscription. `spans` are the totals from which plans are in force, and those plans; times are in seconds."""

    subscription: int
    owner: int
    balance: int
    deposited: int
    charged: int = 0
    credited: int = 0
    forgiven: int = 0
    withdrawn: int = 0
    refunded: int = 0
    total: int = 0
    epoch: int = 0
    cap: Cap | None = None
    exit_at: int | None = None
    is_closed: bool = False
    next_plan: tuple[int, int] | None = None
    is_new_plan: bool = False
    spans: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])

    @property
    def plan(self) -> int:
        return self.spans[-1][1]

    @property
    def bill(self) -> int:
        ends = [start for start, _ in self.spans[1:]] + [self.total]
        exact = sum(exact_cost(plan, start, end) for (start, plan), end in zip(self.spans, ends, strict=True))
        return exact // PRICED_MICROTOKENS - self.forgiven

    @property
    def owed(self) -> int:
        return self.bill - self.charged

    def settle(self, epoch: int, total: int, now: int) -> int:
        """Take a page's total into account; return the charge."""
        if total < self.total or epoch <= self.epoch:
            return self.charge_owed(now)
        if total == self.total and (self.owed > 0 or self.next_plan is None):
            if self.owed > 0:
                self.epoch = epoch
            return self.charge_owed(now)
        left = self.left(now)
        self.total, self.epoch = total, epoch
        charge = self.charge(min(self.owed, self.balance, left))
        was_new, self.is_new_plan = self.is_new_plan, False
        if self.owed == 0 and not was_new and self.next_plan and epoch >= self.next_plan[1]:
            self.spans.append((total, self.next_plan[0]))
            self.next_plan, self.is_new_plan = None, True
        return charge

    def charge_owed(self, now: int) -> int:
        """Charge what is owed as far as balance and cap allow; return how much that was."""
        if self.owed == 0:
            return 0
        return self.charge(min(self.owed, self.balance, self.left(now)))

    def charge_all(self) -> int:
        """Charge what is owed as far as the balance goes, whatever the cap."""
        return self.charge(min(self.owed, self.balance))

    def charge(self, amount: int) -> int:
        self.balance -= amount
        self.charged += amount
        return amount

    def left(self, now: int) -> int:
        """What the cap still allows in the current period."""
        if self.cap is None:
            return 2**64
        self.cap = self.cap.at(now, self.charged, self.owed)
        return self.cap.left(self.charged)

    def set_cap(self, limit: int | None, now: int) -> int:
        """Set the cap in the current period; return the charge of what it allows."""
        if limit is None:
            self.cap = None
        else:
            old = self.cap.at(now, self.charged, self.owed) if self.cap else None
            self.cap = replace(old, limit=limit) if old else Cap(limit, now + PERIOD, self.charged, self.owed)
        return self.charge_owed(now)

    def state(self) -> list[int]:
        """The figures that the contract should report, in a fixed order."""
        sums = [self.deposited, self.balance, self.charged, self.withdrawn, self.refunded]
        return [*sums, self.owed, self.total, self.credited]
