"""What each event of the chain moves from one account to another."""

from flareflow.settlement.entries import REVENUE, Entry, Line, move, subscriber, wallet
from flareflow.settlement.events import (
    ChainEvent,
    Closed,
    Credited,
    ExitCancelled,
    ExitRequested,
    Forgiven,
    LowBalance,
    OwnerChanged,
    PlanChangeAccepted,
    PlanChanged,
    Settled,
    SettlementSkipped,
    SpendCapSet,
    SubscriptionEvent,
    SubscriptionOpened,
    Suspended,
    ToppedUp,
    Withdrawn,
)


def entry_of(event: ChainEvent, subscription_id: int | None, lines: tuple[Line, ...]) -> Entry:
    kind = type(event.happened).__name__
    return Entry(subscription_id, event.position, event.occurred_at, event.transaction_id, kind, lines)


def lines_of(happened: SubscriptionEvent, owner: str) -> tuple[Line, ...]:
    deposit = subscriber(happened.subscription_id)
    match happened:
        case SubscriptionOpened(owner=payer, deposit_ufix64=amount) | ToppedUp(payer=payer, amount_ufix64=amount):
            return move(wallet(payer), deposit, amount)
        case Settled(charged_ufix64=amount):
            return move(deposit, REVENUE, amount)
        case Withdrawn(receiver=receiver, amount_ufix64=amount):
            return move(deposit, wallet(receiver), amount)
        case Closed(refunded_ufix64=amount, receiver=receiver):
            return move(deposit, wallet(receiver or owner), amount)
        case Credited(amount_ufix64=amount):
            return move(REVENUE, deposit, amount)
        case (
            LowBalance()
            | Suspended()
            | SpendCapSet()
            | SettlementSkipped()
            | ExitRequested()
            | ExitCancelled()
            | PlanChangeAccepted()
            | PlanChanged()
            | OwnerChanged()
            | Forgiven()
        ):
            return ()
