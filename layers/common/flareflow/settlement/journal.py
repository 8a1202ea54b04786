"""The journal: what each event of the contract adds to the books, and the subscriptions that follow from it.

Every balance is a sum of lines of `settlement.entries`; a subscription is the projection of its entries.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.settlement.charging import charge_of
from flareflow.settlement.entries import REVENUE, Entry, entry_of, lines_of, move, wallet
from flareflow.settlement.events import (
    ChainEvent,
    Closed,
    Credited,
    ExitCancelled,
    ExitRequested,
    Forgiven,
    LowBalance,
    OwnerChanged,
    PlanAdded,
    PlanChangeAccepted,
    PlanChanged,
    PlanRetired,
    Position,
    RevenueWithdrawn,
    SetAside,
    Settled,
    SettlementSkipped,
    SpendCapSet,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Unreadable,
    Waiting,
    Withdrawn,
)
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.pricing import PRICED_MICROTOKENS, Tariff, exact_cost, rounded
from flareflow.settlement.spend_caps import SpendCap, cap_after

DEFAULT_TARIFF: Final = Tariff()
AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SubscriptionStatus(StrEnum):
    """`suspended`: something is owed. `exiting`: the owner announced the end of the subscription."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXITING = "exiting"
    CLOSED = "closed"


_ANNOUNCED: Final = {Suspended: SubscriptionStatus.SUSPENDED, ExitRequested: SubscriptionStatus.EXITING}


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


@dataclass(frozen=True, slots=True)
class Posting:
    """What one event adds to the ledger: an entry; and the subscription before and after it.

    `replaces`: the event was set aside before and is entered now.
    """

    entry: Entry
    before: Subscription | None
    subscription: Subscription | None
    replaces: SetAside | None = None

    @property
    def former_owner(self) -> str | None:
        """The previous owner, when the event changed the owner."""
        if self.before is None or self.subscription is None or self.before.owner == self.subscription.owner:
            return None
        return self.before.owner

    @property
    def never_opened(self) -> int | None:
        """The subscription, when the event says that the contract has none with that id."""
        return None if self.subscription else self.entry.subscription_id


@dataclass(frozen=True, slots=True)
class SettingAside:
    """What an event that cannot be entered changes: it is set aside, and its subscription waits from there on."""

    aside: SetAside
    before: Subscription | None
    subscription: Subscription | None


def post(event: ChainEvent, before: Subscription | None, accepted: Tariff | None = None) -> Posting | None:
    """The posting of an event about the subscription `before`; None when the event was looked at already.

    `accepted` is the tariff of the plan that the event names, if it names one. Raises BrokenRuleError when the event
    cannot follow on `before`.
    """
    if before is not None and event.position <= before.position:
        return None
    return enter(event, before, accepted)


def enter(event: ChainEvent, before: Subscription | None, accepted: Tariff | None = None) -> Posting:
    """The posting of an event that is not in the journal. Raises as `post` does."""
    happened = event.happened
    if isinstance(happened, Unreadable):
        raise BrokenRuleError(f"{happened.name}: {happened.reason}")
    if isinstance(happened, RevenueWithdrawn):
        taken = move(REVENUE, wallet(happened.receiver), happened.amount_ufix64)
        return Posting(entry_of(event, None, taken), None, None)
    if isinstance(happened, PlanAdded | PlanRetired):
        raise BrokenRuleError(f"{event} moves no money")
    if isinstance(happened, SettlementSkipped) and before is None:
        return Posting(entry_of(event, happened.subscription_id, ()), None, None)
    if before is not None and before.waits_for is not None:
        raise BrokenRuleError(f"an earlier event is set aside: {before.waits_for.position}")
    known = _opened(happened, event.position, accepted) if isinstance(happened, SubscriptionOpened) else before
    if known is None or (known is not before and before is not None):
        raise BrokenRuleError(f"{event} cannot follow on {before}")
    known = _in_cap_period(known, event.occurred_at)
    after = replace(_after(happened, known, accepted), position=event.position)
    if isinstance(happened, SpendCapSet):
        after = replace(after, spend_cap=cap_after(happened, known.spend_cap, known.charged_ufix64, event.occurred_at))
    entry = entry_of(event, happened.subscription_id, lines_of(happened, known.owner))
    if isinstance(happened, Settled | Forgiven):
        entry = _billing(entry, happened, known, after)
    return Posting(entry, before, after)


def _in_cap_period(subscription: Subscription, now: datetime) -> Subscription:
    cap = subscription.spend_cap
    return subscription if cap is None else replace(subscription, spend_cap=cap.at(now, subscription.charged_ufix64))


def set_aside(event: ChainEvent, before: Subscription | None, reason: str) -> SettingAside:
    """What becomes of an event that cannot be entered, for this reason."""
    first = Waiting(event.position, event.occurred_at)
    waiting = before and replace(before, position=event.position, waits_for=before.waits_for or first)
    kind = event.happened.name if isinstance(event.happened, Unreadable) else type(event.happened).__name__
    subscription_id = event.subscription_id
    aside = SetAside(subscription_id, event.position, event.occurred_at, event.transaction_id, kind, reason)
    return SettingAside(aside, before, waiting)


def _billing(entry: Entry, happened: Settled | Forgiven, before: Subscription, after: Subscription) -> Entry:
    """The entry with what a charge or a forgiven debt changes of the bill."""
    owed_change_ufix64 = after.owed_ufix64 - before.owed_ufix64
    entry = replace(entry, currency=before.tariff.currency, owed_change_ufix64=owed_change_ufix64)
    if isinstance(happened, Forgiven):
        return entry
    return replace(
        entry,
        paid_ufix64=after.paid_ufix64 - before.paid_ufix64,
        rate_ufix64=happened.rate_ufix64,
        epoch=happened.epoch,
        settled_microtokens=after.settled_microtokens - before.settled_microtokens,
    )


def _opened(happened: SubscriptionOpened, position: Position, accepted: Tariff | None) -> Subscription:
    plan = happened.plan_id, happened.plan_version
    return Subscription(happened.subscription_id, happened.owner, *plan, position, _known(accepted, happened))


def _known(accepted: Tariff | None, happened: SubscriptionOpened | PlanChangeAccepted | PlanChanged) -> Tariff:
    if accepted is None:
        raise BrokenRuleError(f"no event has announced the plan of {happened}")
    return accepted


def _after(happened: SubscriptionEvent, before: Subscription, accepted: Tariff | None) -> Subscription:
    match happened:
        case SubscriptionOpened() | ToppedUp() | Settled() | Withdrawn() | Credited():
            return _moved(before, happened).with_balance(happened.balance_after_ufix64)
        case Closed(refunded_ufix64=amount):
            return replace(_refunded(before, amount), has_ended=True).with_balance(0)
        case OwnerChanged(owner=owner):
            return replace(before, owner=owner)
        case PlanChangeAccepted() | PlanChanged():
            return _changing_plan(before, happened, _known(accepted, happened))
        case Forgiven():
            return _forgiven(before, happened)
        case LowBalance() | Suspended() | ExitRequested() | ExitCancelled() | SpendCapSet() | SettlementSkipped():
            return _announced(before, happened)


def _moved(
    before: Subscription, happened: SubscriptionOpened | ToppedUp | Settled | Withdrawn | Credited
) -> Subscription:
    match happened:
        case SubscriptionOpened(deposit_ufix64=amount) | ToppedUp(amount_ufix64=amount):
            return _deposited(before, amount)
        case Settled():
            return _settled(before, happened)
        case Withdrawn(amount_ufix64=amount):
            return _withdrawn(before, amount)
        case Credited(amount_ufix64=amount):
            return _credited(before, amount)


def _changing_plan(before: Subscription, happened: PlanChangeAccepted | PlanChanged, tariff: Tariff) -> Subscription:
    plan = happened.plan_id, happened.plan_version
    if isinstance(happened, PlanChanged):
        return on_plan(before, NextPlan(*plan, tariff, from_epoch=0), happened.from_microtokens)
    stays = plan == (before.plan_id, before.plan_version)
    return replace(before, next_plan=None if stays else NextPlan(*plan, tariff, happened.from_epoch))


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


def _forgiven(before: Subscription, forgiven: Forgiven) -> Subscription:
    lower = replace(before, cost_offset=before.cost_offset - forgiven.amount_ufix64 * PRICED_MICROTOKENS)
    return _owing(lower, forgiven.owed_after_ufix64)


def _announced(
    before: Subscription,
    announced: LowBalance | Suspended | ExitRequested | ExitCancelled | SpendCapSet | SettlementSkipped,
) -> Subscription:
    if isinstance(announced, SettlementSkipped):
        return replace(before, has_ended=True)
    if isinstance(announced, ExitCancelled):
        return replace(before, status=SubscriptionStatus.SUSPENDED if before.owed_ufix64 else SubscriptionStatus.ACTIVE)
    leaving = before.status is SubscriptionStatus.EXITING
    status = before.status if leaving else _ANNOUNCED.get(type(announced), before.status)
    return replace(before, status=status)


def _deposited(before: Subscription, amount_ufix64: int) -> Subscription:
    return replace(
        before,
        balance_ufix64=before.balance_ufix64 + amount_ufix64,
        deposited_ufix64=before.deposited_ufix64 + amount_ufix64,
    )


def _settled(before: Subscription, settled: Settled) -> Subscription:
    if settled.rated_microtokens < before.settled_microtokens:
        raise BrokenRuleError(f"a settled total went down: {settled} after {before}")
    paid_ufix64 = _paid_ufix64(before, settled)
    return replace(
        _owing(before, settled.owed_ufix64),
        balance_ufix64=before.balance_ufix64 - settled.charged_ufix64,
        charged_ufix64=before.charged_ufix64 + settled.charged_ufix64,
        settled_microtokens=settled.rated_microtokens,
        settled_epoch=settled.epoch,
        paid_dollars_ufix64=before.paid_dollars_ufix64 + (paid_ufix64 if before.tariff.needs_rate else 0),
    )


def _paid_ufix64(before: Subscription, settled: Settled) -> int:
    """What a charge pays of the bill, in 1e-8 of the plan's currency.

    Raises BrokenRuleError unless the charge is what the bill comes to at the rate of the event, if it needs one.
    """
    due_ufix64 = before.due_ufix64(settled.rated_microtokens)
    charge = charge_of(due_ufix64, settled.charged_ufix64, settled.rate_ufix64)
    if (charge.charged_ufix64, charge.owed_ufix64) != (settled.charged_ufix64, settled.owed_ufix64):
        due = f"{due_ufix64} were due in 1e-8 {'dollars' if before.tariff.needs_rate else 'tokens'}"
        raise BrokenRuleError(f"{due}, which makes {charge}: {settled} after {before}")
    return charge.paid_ufix64


def _withdrawn(before: Subscription, amount_ufix64: int) -> Subscription:
    return replace(
        before,
        balance_ufix64=before.balance_ufix64 - amount_ufix64,
        withdrawn_ufix64=before.withdrawn_ufix64 + amount_ufix64,
    )


def _refunded(before: Subscription, amount_ufix64: int) -> Subscription:
    return replace(
        before,
        status=SubscriptionStatus.CLOSED,
        balance_ufix64=before.balance_ufix64 - amount_ufix64,
        refunded_ufix64=before.refunded_ufix64 + amount_ufix64,
    )


def _owing(before: Subscription, owed_ufix64: int) -> Subscription:
    paid_up = before.status is SubscriptionStatus.SUSPENDED and owed_ufix64 == 0
    return replace(before, status=SubscriptionStatus.ACTIVE if paid_up else before.status, owed_ufix64=owed_ufix64)


def _credited(before: Subscription, amount_ufix64: int) -> Subscription:
    return replace(
        before,
        balance_ufix64=before.balance_ufix64 + amount_ufix64,
        credited_ufix64=before.credited_ufix64 + amount_ufix64,
    )
