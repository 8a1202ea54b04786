"""Answers of the HTTP API to an operator about metering."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from flareflow.answers import Answer, Hex, Moment, Number, SignedNumber, shown
from flareflow.metering.cases import CaseKind, Verdict
from flareflow.metering.dead_letters import QueueName

if TYPE_CHECKING:
    from flareflow.metering.spent import MarginLine


class DecisionAnswer(Answer):
    """Who decided what of a case, why, and when. `transaction_id` is the Flow transaction of a credit."""

    verdict: Verdict
    who: Annotated[str, shown("arn:aws:iam::123456789012:user/alice")]
    why: Annotated[str, shown("the provider did not bill it")]
    at: Moment
    transaction_id: Annotated[str | None, shown("8c" * 32)]


class CaseAnswer(Answer):
    """Something that waits for a person: a row that nobody was billed for, a tally of such rows, or a difference.

    `body`: the row as JSON text, or the samples of a tally as a JSON array; in lists only its beginning. `count`: the
    rows of a tally. `at`: when the call began. `decision` is null while the case is open.
    """

    id: Annotated[str, shown("row#unknown_key#chatcmpl-1@2026-11-24T12:00:00.000000Z")]
    kind: CaseKind
    reason: Annotated[str, shown("unknown_key")]
    what: Annotated[str, shown("")]
    body: Annotated[str, shown('{"request_id": "chatcmpl-1"}')]
    count: Number
    subscription_id: Number | None
    at: Moment | None
    opened_at: Moment
    decision: DecisionAnswer | None


class BookPutAnswer(Answer):
    """A price book by its hash, and the epoch from which it rates."""

    price_book_hash: Hex
    from_epoch: Number


class MarginAnswer(Answer):
    """What a model brought and cost on a day, in 1e-9 dollars; a margin below 0 is a loss."""

    model: Annotated[str, shown("gpt-4o")]
    calls: Number
    rated_microtokens: Number
    revenue_nanousd: Number
    cost_nanousd: Number
    margin_nanousd: SignedNumber

    @classmethod
    def of_line(cls, line: "MarginLine") -> Self:
        return cls(
            model=line.model,
            calls=line.sold.calls,
            rated_microtokens=line.sold.rated_microtokens,
            revenue_nanousd=line.revenue_nanousd,
            cost_nanousd=line.sold.cost_nanousd,
            margin_nanousd=line.margin_nanousd,
        )


class MarginsAnswer(Answer):
    """The margins of a day in UTC, by the name of the model. Days are kept for 40 days."""

    day: Annotated[str, Field(examples=["2026-11-24"])]
    models: list[MarginAnswer]

    @classmethod
    def of_day(cls, day: date, lines: list["MarginLine"]) -> Self:
        return cls(day=day.isoformat(), models=list(map(MarginAnswer.of_line, lines)))


class QueueDepthAnswer(Answer):
    """How many messages wait in a queue, and how many are being handled; both are estimates of SQS."""

    name: QueueName
    waiting: Number
    in_flight: Number


class QueuesAnswer(Answer):
    """All queues."""

    queues: list[QueueDepthAnswer]


class RedrivenAnswer(Answer):
    """How many messages were moved to where they came from; `left` could not be assigned to any queue."""

    moved: Number
    left: Number
