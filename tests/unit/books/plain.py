"""A plain model of the contract, the plans and what a subscription may do: written from docs/pricing.md, by other sums.

Where the code keeps an offset for earlier plans, this keeps each plan with the total from which on it holds; where the
code keeps what was charged before a period, this adds up the charges of the period.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from flareflow.books.transactions import Unit
from flareflow.settlement.events import (
    Closed,
    Credited,
    ExitCancelled,
    ExitRequested,
    Forgiven,
    OwnerChanged,
    PlanChangeAccepted,
    PlanChanged,
    RevenueWithdrawn,
    Settled,
    SpendCapSet,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Withdrawn,
)

FLOW: Final = 10**8
EXACT: Final = 10**9
"""A price has 8 decimals for 1e9 rated micro-tokens, so bills are exact in 1e-17."""
PERIOD: Final = timedelta(days=30)
type Prices = tuple[tuple[int | None, int], ...]
"""(end of the tier in tokens, price in 1e-8 for 1,000 tokens), as a plan tells them."""
PLANS: Final[dict[int, Prices]] = {
    1: ((100_000, 2_000_000), (1_000_000, 1_500_000), (None, 800_000)),
    2: ((None, 1_000_001),),
    3: ((50_000, 0), (None, 3_000_000)),
    4: ((30_000, 900_000), (None, 700_001)),
}
IN_DOLLARS: Final = {4}


def cost(prices: Prices, total: int) -> int:
    """What a total costs by one plan alone, in 1e-17: each micro-token at the price of its tier."""
    exact, begin = 0, 0
    for end, price in prices:
        upper = total if end is None else min(total, end * 10**6)
        exact += max(0, upper - begin) * price
        begin = max(begin, upper)
    return exact


@dataclass
class Plain:
    """A subscription as the contract keeps it."""

    number: int
    owner: str
    plans: list[tuple[int, int, Prices]]
    """(total from which on, plan id, prices), the last of which is in force."""
    in_dollars: bool = False
    balance: int = 0
    paid: int = 0
    """Of the bill, in 1e-8 of the plan's currency."""
    deposited: int = 0
    credited: int = 0
    withdrawn: int = 0
    refunded: int = 0
    forgiven: int = 0
    owed: int = 0
    settled: int = 0
    charges: list[tuple[datetime, int]] = field(default_factory=list)
    cap: tuple[int, datetime, int] | None = None
    """The limit, when the first period began, and how many charges there had been by then."""
    next_plan: tuple[int, Prices, int] | None = None
    """Plan id, prices, and the epoch from which on it may follow."""
    is_exiting: bool = False
    is_closed: bool = False
    is_suspended: bool = False

    @property
    def unit(self) -> Unit:
        """The currency of the bill."""
        return Unit.USD if self.in_dollars else Unit.TOKEN

    @property
    def charged(self) -> int:
        return sum(amount for _, amount in self.charges)

    def due(self, total: int, *, plans: list[tuple[int, int, Prices]] | None = None) -> int:
        """What a cumulative total leaves to be paid, in 1e-8."""
        exact, known = 0, plans or self.plans
        for number, (start, _, prices) in enumerate(known):
            end = min(total, known[number + 1][0]) if number + 1 < len(known) else total
            exact += cost(prices, end) - cost(prices, start)
        return max(0, max(0, exact - self.forgiven * EXACT) // EXACT - self.paid)

    def tokens(self, due: int, rate: int) -> int:
        """What is due, in tokens: of dollars the part that the rate leaves, rounded down."""
        return due * FLOW // rate if self.in_dollars else due

    def most_due(self, total: int) -> int:
        """The same where the next plan may come into force at any total between what is settled and this one."""
        if self.next_plan is None:
            return self.due(total)
        number, prices, _ = self.next_plan
        ends = {end * 10**6 for plan in (self.plans[-1][2], prices) for end, _ in plan if end is not None}
        settled = min(self.settled, total)
        starts = {settled, total, (settled + total) // 2} | {end for end in ends if settled < end < total}
        return max(self.due(total, plans=[*self.plans, (start, number, prices)]) for start in starts)

    def spendable(self, now: datetime) -> int:
        """The balance, within what the cap leaves of its present period."""
        if self.cap is None:
            return self.balance
        limit, first, charges_before = self.cap
        begin = first + (now - first) // PERIOD * PERIOD
        spent = sum(amount for at, amount in self.charges[charges_before:] if at >= begin)
        return min(self.balance, max(0, limit - spent))

    def standing(self, now: datetime, metered: int, low_balance: int, rate: int) -> str:
        """What the subscription may do after so much usage, as docs and the standing's table say.

        Usage in dollars is valued at three quarters of the rate.
        """
        if self.is_exiting or self.is_closed:
            return "exiting"
        due, spendable = self.tokens(self.most_due(metered), rate * 3 // 4), self.spendable(now)
        if due >= spendable:
            return "capped" if due < self.balance else "overdrawn"
        if self.is_suspended and self.cap is None:
            return "overdrawn"
        return "warned" if spendable - due < low_balance else "active"


@dataclass
class PlainContract:
    """Does what the contract does, and tells it as events."""

    subscriptions: dict[int, Plain] = field(default_factory=dict)
    revenue: int = 0
    rate: int = FLOW // 4
    """1e-8 dollars for one token."""

    def open(
        self, owner: str, plan: int, prices: Prices, deposit: int, *, in_dollars: bool = False
    ) -> SubscriptionEvent:
        number = len(self.subscriptions) + 1
        opened = Plain(number, owner, [(0, plan, prices)], in_dollars, balance=deposit, deposited=deposit)
        self.subscriptions[number] = opened
        return SubscriptionOpened(number, owner, plan, 1, deposit, deposit)

    def top_up(self, one: Plain, payer: str, amount: int) -> SubscriptionEvent:
        one.balance += amount
        one.deposited += amount
        return ToppedUp(one.number, payer, amount, one.balance)

    def withdraw(self, one: Plain, amount: int) -> SubscriptionEvent:
        one.balance -= amount
        one.withdrawn += amount
        return Withdrawn(one.number, one.owner, amount, one.balance)

    def move(self, one: Plain, owner: str) -> SubscriptionEvent:
        one.owner = owner
        return OwnerChanged(one.number, owner)

    def cap(self, one: Plain, limit: int | None, now: datetime) -> SubscriptionEvent:
        _, first, charges_before = one.cap or (0, now, len(one.charges))
        one.cap = None if limit is None else (limit, first, charges_before)
        return SpendCapSet(one.number, limit)

    def accept(self, one: Plain, plan: int, prices: Prices, epoch: int) -> SubscriptionEvent:
        one.next_plan = None if plan == one.plans[-1][1] else (plan, prices, epoch)
        return PlanChangeAccepted(one.number, plan, 1, epoch)

    def exit(self, one: Plain) -> SubscriptionEvent:
        one.is_exiting = True
        return ExitRequested(one.number)

    def stay(self, one: Plain) -> SubscriptionEvent:
        one.is_exiting, one.is_suspended = False, one.owed > 0
        return ExitCancelled(one.number)

    def close(self, one: Plain) -> SubscriptionEvent:
        one.refunded, refund, one.balance = one.refunded + one.balance, one.balance, 0
        one.is_closed = True
        return Closed(one.number, refund, one.owner)

    def credit(self, one: Plain, amount: int) -> SubscriptionEvent:
        self.revenue -= amount
        one.balance += amount
        one.credited += amount
        return Credited(one.number, amount, one.balance)

    def take_revenue(self, receiver: str, amount: int) -> RevenueWithdrawn:
        self.revenue -= amount
        return RevenueWithdrawn(amount, receiver)

    def forgive(self, one: Plain, amount: int) -> SubscriptionEvent:
        one.forgiven += amount
        one.owed -= amount
        one.is_suspended = one.is_suspended and one.owed > 0
        return Forgiven(one.number, amount, one.owed)

    def settle(self, one: Plain, epoch: int, total: int, now: datetime) -> Iterator[SubscriptionEvent]:
        """Charge what an attested total leaves due, as far as balance and cap allow."""
        if one.is_closed or total < one.settled or (total == one.settled and not one.owed):
            return
        due = one.due(total)
        price = one.tokens(due, self.rate)
        charge = min(price, one.spendable(now))
        owed = 0 if charge == price else due - self._worth(one, charge, due)
        one.paid += due - owed
        one.owed, one.settled, one.balance = owed, total, one.balance - charge
        one.charges.append((now, charge))
        self.revenue += charge
        one.is_suspended = one.is_suspended and one.owed > 0
        rate = self.rate if one.in_dollars else None
        yield Settled(one.number, epoch, total, charge, one.owed, one.balance, rate)
        if one.owed:
            one.is_suspended = one.is_suspended or not one.is_exiting
            yield Suspended(one.number)
        elif one.next_plan and epoch >= one.next_plan[2]:
            plan, prices, _ = one.next_plan
            one.plans.append((total, plan, prices))
            one.next_plan = None
            yield PlanChanged(one.number, plan, 1, total)

    def _worth(self, one: Plain, charge: int, due: int) -> int:
        """What a charge in part pays of what is due: of dollars up to 1e-8 more than its tokens are worth."""
        if not one.in_dollars or charge == 0:
            return charge
        return min(due, charge * self.rate // FLOW + 1)
