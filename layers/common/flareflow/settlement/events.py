"""The events of the subscription contracts that the ledger follows.

Amounts are in 1e-8 of the token of the deposits (`_ufix64`). What is owed is in 1e-8 of the plan's currency, which is
that token or dollars. Totals are in rated micro-tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flareflow.settlement.positions import Position
from flareflow.settlement.pricing import Tier


@dataclass(frozen=True, slots=True)
class SubscriptionOpened:
    """The owner opened a subscription with a deposit."""

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
    """Attested usage was charged; `owed_ufix64` is what could not be charged, in the currency of the plan.

    `rate_ufix64` is 1e-8 dollars for one token; None for a plan that is priced in the token.
    """

    subscription_id: int
    epoch: int
    rated_microtokens: int
    charged_ufix64: int
    owed_ufix64: int
    balance_after_ufix64: int
    rate_ufix64: int | None = None


@dataclass(frozen=True, slots=True)
class SettlementSkipped:
    """A page named a subscription that has ended, or that the contract does not have; nothing is charged any more."""

    subscription_id: int
    epoch: int
    rated_microtokens: int


@dataclass(frozen=True, slots=True)
class LowBalance:
    """The deposit is nearly used up."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class Suspended:
    """The deposit did not cover what was used."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class SpendCapSet:
    """The owner set the most that may be charged in 30 days, in tokens; None takes the cap away."""

    subscription_id: int
    limit_ufix64: int | None


@dataclass(frozen=True, slots=True)
class ExitRequested:
    """The owner announced the end of the subscription and the refund of the rest."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class ExitCancelled:
    """The owner cancelled the announced end."""

    subscription_id: int


@dataclass(frozen=True, slots=True)
class PlanChangeAccepted:
    """The owner accepted another plan. It follows on the first settled page of `from_epoch` or later."""

    subscription_id: int
    plan_id: int
    plan_version: int
    from_epoch: int


@dataclass(frozen=True, slots=True)
class PlanChanged:
    """A plan that the owner accepted earlier is in force now, for all usage above `from_microtokens`."""

    subscription_id: int
    plan_id: int
    plan_version: int
    from_microtokens: int


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """The subscription was transferred to another account."""

    subscription_id: int
    owner: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The owner withdrew a part of the deposit that was not used."""

    subscription_id: int
    receiver: str | None
    amount_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The subscription ended; the rest of the deposit went back to its owner."""

    subscription_id: int
    refunded_ufix64: int
    receiver: str | None = None


@dataclass(frozen=True, slots=True)
class Credited:
    """The provider gave revenue back to a subscription."""

    subscription_id: int
    amount_ufix64: int
    balance_after_ufix64: int


@dataclass(frozen=True, slots=True)
class Forgiven:
    """The provider gave up a part of what was owed, in the currency of the plan."""

    subscription_id: int
    amount_ufix64: int
    owed_after_ufix64: int


@dataclass(frozen=True, slots=True)
class RevenueWithdrawn:
    """The provider withdrew what had been charged."""

    amount_ufix64: int
    receiver: str | None


@dataclass(frozen=True, slots=True)
class PlanAdded:
    """A version of a plan was announced. Prices are in dollars, or else in the token.

    `effective_at_ufix64` is when it can be accepted for the first time, in 1e-8 s since 1970.
    """

    plan_id: int
    plan_version: int
    is_in_dollars: bool
    tiers: tuple[Tier, ...]
    minimum_deposit_ufix64: int
    low_balance_ufix64: int
    effective_at_ufix64: int


@dataclass(frozen=True, slots=True)
class PlanRetired:
    """A plan can no longer be accepted; subscriptions on it continue."""

    plan_id: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An event of the contracts in a form that is not known. `subscription_id` is None where that cannot be read."""

    name: str
    subscription_id: int | None
    reason: str


type PlanEvent = PlanAdded | PlanRetired

type SubscriptionEvent = (
    SubscriptionOpened
    | ToppedUp
    | Settled
    | LowBalance
    | SettlementSkipped
    | Suspended
    | SpendCapSet
    | ExitRequested
    | ExitCancelled
    | PlanChangeAccepted
    | PlanChanged
    | OwnerChanged
    | Withdrawn
    | Closed
    | Credited
    | Forgiven
)


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """An event, where it is in the chain, and its block's time. `transaction_id` is 32 bytes in hex."""

    position: Position
    occurred_at: datetime
    transaction_id: str
    happened: SubscriptionEvent | RevenueWithdrawn | PlanEvent | Unreadable

    @property
    def subscription_id(self) -> int | None:
        """The subscription that the event is about, if it is about one."""
        return getattr(self.happened, "subscription_id", None)


@dataclass(frozen=True, slots=True)
class BlocksRead:
    """What a node told of some blocks: all events up to the block `read_to`, in the order in which they happened."""

    read_to: int
    events: Sequence[ChainEvent]
