"""Double-entry bookkeeping of the contract's events.

An entry moves FLOW between accounts: a negative line leaves an account, a positive line enters one, and all lines sum
to zero. `subscriber:<id>` is what is left of a deposit and `revenue` what was charged and not yet withdrawn; the
contract holds both. `wallet:<address>` is an account outside the contract. Entries are only added; every balance is a
sum of lines.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from flareflow.errors import BrokenRuleError
from flareflow.settlement.events import (
    ChainEvent,
    Closed,
    Credited,
    ExitCancelled,
    ExitRequested,
    Forgiven,
    LowBalance,
    OwnerChanged,
    PlanChanged,
    Position,
    RevenueWithdrawn,
    Settled,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Withdrawn,
)

REVENUE: Final = "revenue"


def subscriber(subscription_id: int) -> str:
    """The account of a subscription's deposit."""
    return f"subscriber:{subscription_id}"


def wallet(address: str | None) -> str:
    """The account of an address outside the contract; `wallet:unknown` for an event without address."""
    return f"wallet:{address or 'unknown'}"


@dataclass(frozen=True, slots=True)
class Line:
    """An amount in 1e-8 FLOW that enters an account, or leaves it if negative."""

    account: str
    amount_ufix64: int


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of one event; an event that moved no FLOW has no lines.

    `subscription_id` is None for the provider's withdrawals. Raises BrokenRuleError unless the lines sum to zero.
    `rate_ufix64` is 1e-8 dollars for one token, for a charge of a plan that is priced in dollars.
    """

    subscription_id: int | None
    position: Position
    occurred_at: datetime
    transaction_id: str
    kind: str
    lines: tuple[Line, ...]
    rate_ufix64: int | None = None

    def __post_init__(self) -> None:
        if sum(line.amount_ufix64 for line in self.lines) != 0:
            raise BrokenRuleError(f"the lines of a journal entry do not sum to zero: {self}")


class SubscriptionStatus(StrEnum):
    """`suspended`: something is owed. `exiting`: the owner announced the end of the subscription."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXITING = "exiting"
    CLOSED = "closed"


_ANNOUNCED: Final = {Suspended: SubscriptionStatus.SUSPENDED, ExitRequested: SubscriptionStatus.EXITING}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription's balances: the projection of its entries, the last of which is the event at `position`.

    Raises BrokenRuleError unless deposited + credited = balance + charged + withdrawn + refunded, none of it negative.
    """

    subscription_id: int
    owner: str
    plan_id: int
    plan_version: int
    position: Position
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

    def __post_init__(self) -> None:
        parts = (self.balance_ufix64, self.charged_ufix64, self.withdrawn_ufix64, self.refunded_ufix64)
        if self.deposited_ufix64 + self.credited_ufix64 != sum(parts) or min(*parts, self.owed_ufix64) < 0:
            raise BrokenRuleError(f"deposited + credited = balance + charged + withdrawn + refunded is broken: {self}")

    def with_balance(self, reported_ufix64: int) -> Self:
        """The subscription itself. Raises BrokenRuleError unless its balance is the one that the event reports."""
        if self.balance_ufix64 != reported_ufix64:
            raise BrokenRuleError(f"the chain reports the balance {reported_ufix64}: {self}")
        return self


@dataclass(frozen=True, slots=True)
class Posting:
    """What one event adds to the ledger: an entry, and the subscription after the event.

    `former_owner` is the previous owner when the event changed the owner.
    """

    entry: Entry
    subscription: Subscription | None
    former_owner: str | None = None


def post(event: ChainEvent, before: Subscription | None) -> Posting | None:
    """The posting of an event about the subscription `before`; None when the event is in the journal already.

    Raises BrokenRuleError when the event cannot follow on `before`.
    """
    happened = event.happened
    if isinstance(happened, RevenueWithdrawn):
        taken = _move(REVENUE, wallet(happened.receiver), happened.amount_ufix64)
        return Posting(_entry(event, None, taken), None)
    if before is not None and event.position <= before.position:
        return None
    known = _opened(happened, event.position) if isinstance(happened, SubscriptionOpened) else before
    if known is None or (known is not before and before is not None):
        raise BrokenRuleError(f"{event} cannot follow on {before}")
    after = replace(_after(happened, known), position=event.position)
    former_owner = known.owner if known.owner != after.owner else None
    return Posting(_entry(event, happened.subscription_id, _lines(happened, known.owner)), after, former_owner)


def _entry(event: ChainEvent, subscription_id: int | None, lines: tuple[Line, ...]) -> Entry:
    happened = event.happened
    rate = happened.rate_ufix64 if isinstance(happened, Settled) else None
    kind = type(happened).__name__
    return Entry(subscription_id, event.position, event.occurred_at, event.transaction_id, kind, lines, rate)


def _move(source: str, destination: str, amount_ufix64: int) -> tuple[Line, ...]:
    if amount_ufix64 == 0:
        return ()
    return Line(source, -amount_ufix64), Line(destination, amount_ufix64)


def _lines(happened: SubscriptionEvent, owner: str) -> tuple[Line, ...]:
    deposit = subscriber(happened.subscription_id)
    match happened:
        case SubscriptionOpened(owner=payer, deposit_ufix64=amount) | ToppedUp(payer=payer, amount_ufix64=amount):
            return _move(wallet(payer), deposit, amount)
        case Settled(charged_ufix64=amount):
            return _move(deposit, REVENUE, amount)
        case Withdrawn(receiver=receiver, amount_ufix64=amount):
            return _move(deposit, wallet(receiver), amount)
        case Closed(refunded_ufix64=amount, receiver=receiver):
            return _move(deposit, wallet(receiver or owner), amount)
        case Credited(amount_ufix64=amount):
            return _move(REVENUE, deposit, amount)
        case (
            LowBalance() | Suspended() | ExitRequested() | ExitCancelled() | PlanChanged() | OwnerChanged() | Forgiven()
        ):
            return ()


def _opened(happened: SubscriptionOpened, position: Position) -> Subscription:
    return Subscription(happened.subscription_id, happened.owner, happened.plan_id, happened.plan_version, position)


def _after(happened: SubscriptionEvent, before: Subscription) -> Subscription:
    match happened:
        case SubscriptionOpened() | ToppedUp() | Settled() | Withdrawn() | Credited():
            return _moved(before, happened).with_balance(happened.balance_after_ufix64)
        case Closed(refunded_ufix64=amount):
            return _refunded(before, amount).with_balance(0)
        case OwnerChanged() | PlanChanged():
            return _changed(before, happened)
        case Forgiven(owed_after_ufix64=owed):
            return _owing(before, owed)
        case LowBalance() | Suspended() | ExitRequested() | ExitCancelled():
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


def _changed(before: Subscription, changed: OwnerChanged | PlanChanged) -> Subscription:
    if isinstance(changed, OwnerChanged):
        return replace(before, owner=changed.owner)
    return replace(before, plan_id=changed.plan_id, plan_version=changed.plan_version)


def _announced(before: Subscription, announced: LowBalance | Suspended | ExitRequested | ExitCancelled) -> Subscription:
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
    return replace(
        _owing(before, settled.owed_ufix64),
        balance_ufix64=before.balance_ufix64 - settled.charged_ufix64,
        charged_ufix64=before.charged_ufix64 + settled.charged_ufix64,
        settled_microtokens=settled.rated_microtokens,
        settled_epoch=settled.epoch,
    )


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
