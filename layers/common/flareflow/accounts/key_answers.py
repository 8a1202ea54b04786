"""Answers of the HTTP API about virtual keys, to their owners and to the gate."""

from typing import Annotated

from flareflow.accounts.models import KeyStatus, Standing
from flareflow.answers import Address, Answer, KeyHash, Moment, Number, shown


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
