"""Answers of the HTTP API about plans, prices in money, and the journal."""

from typing import Annotated

from flareflow.answers import Address, Answer, Moment, Number, SignedNumber, shown
from flareflow.settlement.pricing import Currency
from flareflow.settlement.subscription import SubscriptionStatus


class TierAnswer(Answer):
    """A price in 1e-8 for 1,000 rated tokens, for the part of a total below `end_tokens`; null means no end."""

    end_tokens: Number | None
    price_ufix64: Number


class TiersAnswer(Answer):
    """Tiers by rising end; only the last has no end."""

    tiers: list[TierAnswer]


class TariffAnswer(Answer):
    """The prices of a plan. `needs_rate`: a bill in dollars becomes tokens at the rate of the moment of the charge."""

    tiers: TiersAnswer
    currency: Currency
    needs_rate: bool


class PlanAnswer(Answer):
    """One version of a plan, which can be accepted from `effective_at` on. Amounts are in 1e-8 of the token."""

    plan_id: Number
    plan_version: Number
    tariff: TariffAnswer
    minimum_deposit_ufix64: Number
    low_balance_ufix64: Number
    effective_at: Moment
    is_retired: bool


class RateAnswer(Answer):
    """1e-8 dollars for one token, as the contract would have read it from the price oracle at `read_at`."""

    rate_ufix64: Number
    read_at: Moment


class PlansAnswer(Answer):
    """Every version of every plan; `rate` is the last one that the contract would have used, null before it."""

    plans: list[PlanAnswer]
    token_symbol: Annotated[str, shown("FLOW")]
    rate: RateAnswer | None


Position = tuple[Number, Number, Number]
"""Where an event is on Flow: height, index of the transaction, index of the event."""


class SpendCapAnswer(Answer):
    """The most that the owner lets be charged in a period of 30 days, in 1e-8 of the token."""

    limit_ufix64: Number
    period_ends_at: Moment
    charged_before_ufix64: Number


class NextPlanAnswer(Answer):
    """A plan that the owner has accepted; a settled page of `from_epoch` or later puts it in force."""

    plan_id: Number
    plan_version: Number
    tariff: TariffAnswer
    from_epoch: Number


class WaitingAnswer(Answer):
    """The first event that could not be entered; it and all later ones are not in the balances."""

    position: Position
    since: Moment


class BalancesAnswer(Answer):
    """A subscription's balances as of the last event that was read. Amounts are in 1e-8 of the token; `owed_ufix64` in
    1e-8 of the plan's currency, `paid_dollars_ufix64` in 1e-8 dollars, `cost_offset` in 1e-17 of the plan's currency.
    """

    subscription_id: Number
    owner: Address
    plan_id: Number
    plan_version: Number
    position: Position
    tariff: TariffAnswer
    status: SubscriptionStatus
    balance_ufix64: Number
    deposited_ufix64: Number
    credited_ufix64: Number
    charged_ufix64: Number
    withdrawn_ufix64: Number
    refunded_ufix64: Number
    owed_ufix64: Number
    settled_microtokens: Number
    settled_epoch: Number | None
    cost_offset: SignedNumber
    paid_dollars_ufix64: Number
    spend_cap: SpendCapAnswer | None
    has_ended: bool
    next_plan: NextPlanAnswer | None
    waits_for: WaitingAnswer | None


class LineAnswer(Answer):
    """An amount in 1e-8 of the token that enters an account, or leaves it if negative."""

    account: Annotated[str, shown("subscriber:7")]
    amount_ufix64: SignedNumber


class EntryAnswer(Answer):
    """The journal entry of one event of the contract; its lines sum to zero.

    Only a charge and a forgiven debt have `currency` and `owed_change_ufix64`. Only a charge has `paid_ufix64`,
    `epoch`, `settled_microtokens` and, if it needed one, `rate_ufix64`.
    """

    subscription_id: Number | None
    position: Position
    occurred_at: Moment
    transaction_id: Annotated[str, shown("8c" * 32)]
    kind: Annotated[str, shown("Settled")]
    lines: list[LineAnswer]
    currency: Currency | None
    paid_ufix64: Number | None
    rate_ufix64: Number | None
    owed_change_ufix64: SignedNumber | None
    epoch: Number | None
    settled_microtokens: Number | None
