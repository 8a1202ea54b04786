"""What `UsageBasedSubscriptions` tells by its events, as far as the ledger follows it.

Amounts are 1e-8 FLOW (`_ufix64`), totals rated micro-tokens.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Position(NamedTuple):
    """Where an event stands in the chain; positions are ordered as the events happened."""

    height: int
    transaction_index: int
    event_index: int


@dataclass(frozen=True, slots=True)
class SubscriptionOpened:
    """A subscription began with a deposit by its owner."""

    subscription_id: int
    owner: str
    plan_id: int
    plan_version: int
    deposit_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class ToppedUp:
    """Somebody, not always the owner, added to the deposit."""

    subscription_id: int
    payer: str | None
    amount_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Attested usage was charged; `owed_ufix64` is what the deposit could not cover."""

    subscription_id: int
    epoch: int
    rated_microtokens: int
    charged_ufix64: int
    owed_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class LowBalance:
    """The deposit is nearly used up."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class Suspended:
    """The deposit could not cover what was used."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """The owner announced to take the rest out."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class ExitCancelled:
    """The owner stays after all."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """The owner accepted another plan, or another version of it."""

    subscription_id: int
    plan_id: int
    plan_version: int


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """The rights went to another account."""

    subscription_id: int
    owner: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The owner took out what was not used."""

    subscription_id: int
    receiver: str | None
    amount_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The subscription ended; the rest of the deposit went back to its owner."""

    subscription_id: int
    refunded_ufix64: int


@dataclass(frozen=True, slots=True)
class RevenueWithdrawn:
    """The provider took out what had been charged."""

    amount_ufix64: int
    receiver: str | None


type SubscriptionEvent = (
    SubscriptionOpened
    | ToppedUp
    | Settled
    | LowBalance
    | Suspended
    | ExitRequested
    | ExitCancelled
    | PlanChanged
    | OwnerChanged
    | Withdrawn
    | Closed
)


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """An event and where and when it happened. `transaction_id` is 32 bytes in hex."""

    position: Position
    occurred_at: datetime
    transaction_id: str
    happened: SubscriptionEvent | RevenueWithdrawn
