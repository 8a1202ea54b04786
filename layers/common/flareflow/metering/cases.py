"""Open cases: what a person has to look at, and what was decided about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CaseKind(StrEnum):
    """ROW: one row, whole. TALLY: rows of five minutes that are only counted, with samples. DIFFERENCE: two sources
    disagree.
    """

    ROW = "row"
    TALLY = "tally"
    DIFFERENCE = "difference"


class Verdict(StrEnum):
    """What a person decided."""

    BILLED = "billed"
    WRITTEN_OFF = "written_off"
    CREDITED = "credited"
    """The customer was given back on chain what a difference had cost."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided what, why, and when. `transaction_id` is the Flow transaction of a credit."""

    verdict: Verdict
    who: str
    why: str
    at: datetime
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Something that waits for a person. `reason` and `identity` tell it from all others of its kind.

    `what` says it in a sentence, where the reason does not. `body`: the row as JSON text, or the samples of a tally as
    a JSON array. `count`: the rows of a tally. `at`: the start of the call, or of a tally's five minutes.
    """

    kind: CaseKind
    reason: str
    identity: str
    opened_at: datetime
    what: str = ""
    body: str = ""
    count: int = 1
    subscription_id: int | None = None
    at: datetime | None = None
    decision: Decision | None = None

    @property
    def id(self) -> str:
        """What a person names it by."""
        return f"{self.kind}#{self.reason}#{self.identity}"
