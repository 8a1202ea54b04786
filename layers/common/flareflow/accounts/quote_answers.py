"""Answers of the HTTP API about what calls would cost."""

from typing import Annotated

from flareflow.answers import Answer, Hex, Money, Number, shown
from flareflow.settlement.answers import RateAnswer


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
