"""Answers of the HTTP API about an account's own: sessions, subscriptions, usage and keys."""

from dataclasses import asdict
from typing import Annotated, Self

from flareflow.accounts.models import KeyStatus
from flareflow.accounts.operators import Operators
from flareflow.accounts.sessions import SignedIn
from flareflow.accounts.standing import Standing
from flareflow.accounts.usage_history import UsageState
from flareflow.answers import Address, Answer, Cursor, Hex, KeyHash, Moment, Money, Number, shown
from flareflow.settlement.answers import BalancesAnswer, RateAnswer


class NonceAnswer(Answer):
    """64 hex digits for one account proof, which has to come before `expires_at`."""

    nonce: KeyHash
    expires_at: Moment


class SignedInAnswer(Answer):
    """A session with new tokens, which are in no later answer. Send `access_token` as `Authorization: Bearer`.

    `expires_at` is the end of the access token, `refresh_expires_at` that of the refresh token. `is_operator`: the
    account may use the routes of the operators' page, `/v1/console/…`.
    """

    session_id: Annotated[str, shown("c1" * 32)]
    address: Address
    access_token: Annotated[str, shown("ffa_01cf0e2f2f715450_" + "c1" * 32 + "_" + "7e" * 32)]
    expires_at: Moment
    refresh_token: Annotated[str, shown("ffr_01cf0e2f2f715450_" + "c1" * 32 + "_" + "8d" * 32)]
    refresh_expires_at: Moment
    is_operator: bool

    @classmethod
    def given(cls, signed_in: SignedIn, operators: Operators) -> Self:
        return cls(**asdict(signed_in), is_operator=operators.include(signed_in.address))


class SessionAnswer(Answer):
    """A session of the account; `is_current` is the one that asks."""

    session_id: Annotated[str, shown("c1" * 32)]
    created_at: Moment
    refreshed_at: Moment
    expires_at: Moment
    user_agent: Annotated[str, shown("Mozilla/5.0 (X11; Linux x86_64)")]
    source_ip: Annotated[str, shown("192.0.2.1")]
    is_current: bool


class SessionsAnswer(Answer):
    """All sessions of the account; it has at most 20."""

    items: list[SessionAnswer]


class UsageAnswer(Answer):
    """An amount of usage. 1 token that is rated x1.0 weighs 1,000,000 rated micro-tokens; `cost_nanousd` is what the
    provider charges, in 1e-9 dollars, for information.
    """

    prompt_tokens: Number
    completion_tokens: Number
    requests: Number
    rated_microtokens: Number
    cost_nanousd: Number
    cache_read_tokens: Number
    cache_write_tokens: Number
    reasoning_tokens: Number
    audio_input_tokens: Number
    audio_output_tokens: Number


class LiveTotalsAnswer(Answer):
    """Usage so far: `counted` is billed, `unconfirmed` is told by the gate and not billed yet."""

    counted: UsageAnswer
    unconfirmed: UsageAnswer


class SubscriptionAnswer(Answer):
    """One subscription now.

    `pending_microtokens`: metered and not settled. `estimated_bill_ufix64`: what is to be paid once it is settled, in
    1e-8 of the plan's currency. `estimated_charge_ufix64`: the most that it may come to in 1e-8 of the token; null
    while a rate is needed and none is known. `standing` is null before it was decided for the first time.
    """

    subscription: BalancesAnswer
    usage: LiveTotalsAnswer
    pending_microtokens: Number
    estimated_bill_ufix64: Number
    estimated_charge_ufix64: Number | None
    rate: RateAnswer | None
    standing: Standing | None


class TokensAnswer(Answer):
    """Tokens of one call by kind; the kinds do not overlap."""

    prompt: Number
    cache_read: Number
    cache_write: Number
    completion: Number
    reasoning: Number
    audio_input: Number
    audio_output: Number


class UnitsAnswer(Answer):
    """What a call used that is not counted in tokens: images, and milliseconds of sound."""

    images: Number
    milliseconds: Number


class UsageEventAnswer(Answer):
    """A billed call. It never changes; `price_book_hash` names the book that rated it."""

    subscription_id: Number
    event_id: Annotated[str, shown("0f6f3f1e-8f1c-4b57-9d53-1c1a8a2f3b77")]
    key_hash: KeyHash
    call_type: Annotated[str, shown("acompletion")]
    model: Annotated[str, shown("gpt-4o")]
    base_model: Annotated[str | None, shown("gpt-4o-2024-08-06")]
    tokens: TokensAnswer
    units: UnitsAnswer
    rated_microtokens: Number
    price_book_hash: Hex
    cost_nanousd: Number
    started_at: Moment
    ended_at: Moment


class CountedEventAnswer(Answer):
    """A billed call, and the text whose hash is a leaf under the statement of its epoch."""

    event: UsageEventAnswer
    leaf: Annotated[str, shown('{"version":"flareflow-event/1"}')]


class StatedEventAnswer(Answer):
    """A billed call, the epoch whose statement has it, and how far it is: not sealed yet, sealed, charged on Flow."""

    event: UsageEventAnswer
    epoch: Number
    state: UsageState


class GroupAnswer(Answer):
    """What is summed together; what `by` does not name is null. `start` is that of the day or hour, in UTC."""

    key_hash: KeyHash | None
    model: Annotated[str | None, shown("gpt-4o")]
    start: Moment | None


class GroupedUsageAnswer(Answer):
    """The usage of a group: in no statement yet, in one, and charged on Flow."""

    group: GroupAnswer
    pending: UsageAnswer
    sealed: UsageAnswer
    settled: UsageAnswer


class SummedUsageAnswer(Answer):
    """Sums, newest first. A group may go on in the part that `next_cursor` leads to."""

    items: list[GroupedUsageAnswer]
    next_cursor: Cursor


class PlanCostAnswer(Answer):
    """What a call costs by one plan, in the token and in dollars; null where no rate of dollars is known."""

    plan_id: Number
    plan_version: Number
    in_tokens: Money | None
    in_dollars: Money | None


class QuotedCallAnswer(Answer):
    """A call in rated micro-tokens and in money. `is_named`: the book names the model, else its default rates it."""

    model: Annotated[str, shown("gpt-4o")]
    is_named: bool
    rated_microtokens: Number
    costs: list[PlanCostAnswer]


class QuoteAnswer(Answer):
    """Calls in the order in which they were asked for, by the book that rates them now, and the plans on offer."""

    calls: list[QuotedCallAnswer]
    price_book_hash: Hex
    token_symbol: Annotated[str, shown("FLOW")]
    rate: RateAnswer | None


class CreatedKeyAnswer(Answer):
    """A new key; `key` is its secret, which no later answer contains."""

    key: Annotated[str, shown("sk-7Qm2vJ4cX1")]
    key_hash: KeyHash
    subscription_id: Number
    alias: Annotated[str, shown("laptop")]
    created_at: Moment


class FirstKeysAnswer(Answer):
    """The first keys that were made; none when there is nothing to do, or nothing that can be done now."""

    items: list[CreatedKeyAnswer]


class KeyLimitsAnswer(Answer):
    """What LiteLLM allows a key. An empty list of models: all of them; null: no limit of the key's own."""

    models: list[Annotated[str, shown("gpt-4o")]]
    expires_at: Moment | None
    requests_per_minute: Number | None
    tokens_per_minute: Number | None


class KeyAnswer(Answer):
    """A key of a subscription. `changing`: LiteLLM was told to block, unblock or delete it and has not confirmed.

    `held`: an administrator has blocked it. `replaces`: the key that it was made for, by rotation. `cap_microtokens`:
    what it may use in all; null: as much as its subscription can pay for.
    """

    key_hash: KeyHash
    subscription_id: Number
    alias: Annotated[str, shown("laptop")]
    status: KeyStatus
    created_at: Moment
    owner: Address
    first_microtokens: Number
    budget_microusd: Number
    limits: KeyLimitsAnswer
    replaces: KeyHash | None
    cap_microtokens: Number | None


class LeaseAnswer(Answer):
    """What a gate is told: all that it holds now, and what the subscription can still pay for, leases aside."""

    standing: Standing
    held_microtokens: Number
    left_microtokens: Number
    lifetime_seconds: Number
    key_left_microtokens: Number | None


class KeyAmountsAnswer(Answer):
    """Answered calls of a key, and what they weigh."""

    requests: Number
    rated_microtokens: Number


class DayOfKeyAnswer(KeyAmountsAnswer):
    """What a key used on a day, in UTC."""

    day: Annotated[str, shown("2026-11-24")]


class KeyReportAnswer(Answer):
    """What a gate is told for a key that asks about itself."""

    key_hash: KeyHash
    alias: Annotated[str, shown("laptop")]
    status: KeyStatus
    limits: KeyLimitsAnswer
    cap_microtokens: Number | None
    key_left_microtokens: Number | None
    standing: Standing
    left_microtokens: Number
    total: KeyAmountsAnswer
    days: list[DayOfKeyAnswer]
