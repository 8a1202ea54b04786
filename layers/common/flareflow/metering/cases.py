"""Open cases: what a person has to look at, and what was decided about it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from flareflow.metering.usage_events import CountReport, Difference, RecordReport, short

if TYPE_CHECKING:
    from flareflow.metering.calls import SetAside
    from flareflow.metering.rows import Tally

SAMPLE_CHARACTERS_MAX: Final = 20_000


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


def of_row(item: "SetAside", now: datetime) -> Case:
    return Case(CaseKind.ROW, item.reason, item.identity, now, body=item.body, at=item.at)


def of_tally(tally: "Tally", now: datetime) -> Case:
    samples = json.dumps([sample.body[:SAMPLE_CHARACTERS_MAX] for sample in tally.samples])
    bucket = tally.bucket.astimezone(UTC).isoformat()
    return Case(CaseKind.TALLY, tally.reason, bucket, now, body=samples, count=tally.count, at=tally.bucket)


def of_difference(one: Difference, now: datetime) -> Case:
    return Case(CaseKind.DIFFERENCE, one.kind, one.identity, now, one.what, subscription_id=one.subscription_id)


def of_unnamed_model(model: str, now: datetime) -> Case:
    what = f"the price book does not name {model}, so its calls are rated by the default"
    return Case(CaseKind.DIFFERENCE, "model_not_in_book", short(model), now, what)


def cases_of(report: CountReport | RecordReport, now: datetime) -> list[Case]:
    """What a person should see of what was counted or recorded."""
    differences = [of_difference(one, now) for one in report.differences]
    unnamed = [of_unnamed_model(one, now) for one in report.by_default] if isinstance(report, CountReport) else []
    return [*(of_row(one, now) for one in report.set_aside), *differences, *unnamed]
