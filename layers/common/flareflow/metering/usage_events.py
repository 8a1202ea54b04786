"""Usage events and what they are made from: rows and records that are rated, and where the two witnesses differ."""

from dataclasses import dataclass
from enum import StrEnum

from flareflow.metering.calls import CallRecord, LoggedCall, SetAside


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A row of the spend log, the subscription that pays for it, and what its tokens weigh in rated micro-tokens."""

    subscription_id: int
    call: LoggedCall
    rated_microtokens: int


@dataclass(frozen=True, slots=True)
class RatedRecord:
    """A record of the gate, the subscription that pays for it, and what its tokens weigh in rated micro-tokens."""

    subscription_id: int
    call: CallRecord
    rated_microtokens: int


class DifferenceKind(StrEnum):
    """How the two witnesses of a call differ."""

    TOKENS_DIFFER = "tokens_differ"
    """Row and record tell other numbers of tokens. Billed once: the gate's, or the row's if the gate estimated."""
    SECOND_ROW = "second_row"
    """Another row has the call id of a call that is billed already. Not billed."""
    LATE_ROW = "late_row"
    """The row of a call whose record was billed alone. Not billed again."""
    ROW_WITHOUT_RECORD = "row_without_record"
    """No record has come within the grace. The row is billed."""
    RECORD_WITHOUT_ROW = "record_without_row"
    """No row has come within the grace. The record is billed."""
    UNKNOWN_ENDING = "unknown_ending"
    """The gate does not know what was answered, and no row has come within the grace. Not billed."""
    BILLED_TWICE = "billed_twice"
    """Two rows were billed before their record came, which shows that they are one call. A person decides."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a person may want to look at. It may be reported again; `kind` and `identity` stay the same.

    `identity` is that of the row (`request_id` and start time) or of the record (`event_id`). `what` is a sentence.
    """

    kind: DifferenceKind
    subscription_id: int
    identity: str
    what: str


@dataclass(frozen=True, slots=True)
class CountReport:
    """What became of rows, or of records that are billed alone; `counted` is the number of new usage events."""

    counted: int = 0
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    def __add__(self, other: "CountReport") -> "CountReport":
        return CountReport(
            self.counted + other.counted, self.differences + other.differences, self.set_aside + other.set_aside
        )


@dataclass(frozen=True, slots=True)
class RecordReport:
    """What became of records; `added` is the number of those that are unconfirmed usage now and were not before."""

    added: int = 0
    differences: tuple[Difference, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
