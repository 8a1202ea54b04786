"""Answers of the HTTP API about epochs and the status of the whole."""

from typing import Annotated

from flareflow.answers import Answer, Hex, Moment, Number, shown
from flareflow.attestation.models import State
from flareflow.settlement.health import Health, System


class LinksAnswer(Answer):
    """Where to look: the statement, and the transactions that request, finalize and deliver it.

    Null where there is none yet or no explorer; `delivery` is null in lists.
    """

    statement: Annotated[str, shown("https://api.flareflow.example/v1/statements/0005878402")]
    request: Annotated[str | None, shown("https://coston2-explorer.flare.network/tx/0x" + "5a" * 32)]
    finalization: Annotated[str | None, shown("https://coston2-explorer.flare.network/tx/0x" + "6b" * 32)]
    delivery: Annotated[str | None, shown("https://testnet.flowscan.io/tx/" + "8c" * 32)]


class EpochAnswer(Answer):
    """One epoch's way from its statement to the charge. `lag_seconds`: how long ago it ended, null once it is final.

    `reasons`: what went wrong or takes longer, the newest last.
    """

    epoch: Number
    starts_at: Moment
    ends_at: Moment
    statement_hash: Hex
    state: State
    reasons: list[Annotated[str, shown("round 792357 was finalized without our request")]]
    lag_seconds: Number | None
    links: LinksAnswer


class EpochsAnswer(Answer):
    """Epochs with a statement, newest first."""

    items: list[EpochAnswer]
    next_cursor: Number | None


class SystemStatusAnswer(Answer):
    """`as_of`: up to when all that the system tells is known here; null if nothing is."""

    system: System
    health: Health
    as_of: Moment | None
    seconds_behind: Number | None


class PipelineAnswer(Answer):
    """How far usage is on its way. `unsettled`: statements that are neither settled nor skipped, at most 100.

    `lag_seconds`: how long ago the oldest of their epochs ended; 0 if there is none.
    """

    newest_statement: Number | None
    sealed_to: Moment | None
    unsettled: Number
    oldest_unsettled: Number | None
    lag_seconds: Number


class StatusAnswer(Answer):
    """`health` is `late` when any system is."""

    at: Moment
    health: Health
    systems: list[SystemStatusAnswer]
    pipeline: PipelineAnswer
