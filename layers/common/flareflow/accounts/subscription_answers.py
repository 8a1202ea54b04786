"""Answers of the HTTP API about subscriptions and their usage."""

from typing import Annotated

from flareflow.accounts.models import Standing
from flareflow.accounts.usage_queries import UsageState
from flareflow.answers import Answer, Cursor, Hex, KeyHash, Moment, Number, shown
from flareflow.settlement.answers import BalancesAnswer, RateAnswer


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
