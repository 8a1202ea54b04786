"""The journal: what each event of the contract adds to the books, and the subscriptions that follow from it.

Every balance is a sum of lines of `settlement.entries`; a subscription is the projection of its entries.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flareflow.errors import BrokenRuleError
from flareflow.settlement.charging import charge_of
from flareflow.settlement.entries import REVENUE, Entry, move, wallet
from flareflow.settlement.entry_lines import entry_of, lines_of
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
    RevenueWithdrawn,
    Settled,
    SettlementSkipped,
    SpendCapSet,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Unreadable,
    Withdrawn,
)
from flareflow.settlement.plans import NextPlan
from flareflow.settlement.positions import Position, SetAside, Waiting
from flareflow.settlement.pricing import PRICED_MICROTOKENS, Tariff
from flareflow.settlement.spend_caps import cap_after
from flareflow.settlement.subscription import Subscription, SubscriptionStatus, on_plan

_ANNOUNCED: Final = {Suspended: SubscriptionStatus.SUSPENDED, ExitRequested: SubscriptionStatus.EXITING}


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
