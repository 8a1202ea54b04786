"""Which cases are opened: for rows that are not billed, tallies of them, and differences that counting has seen."""

import json
from datetime import UTC, datetime
from typing import Final

from flareflow.metering.calls import SetAside
from flareflow.metering.cases import Case, CaseKind
from flareflow.metering.rows import Tally
from flareflow.metering.usage_events import CountReport, Difference, RecordReport, short

SAMPLE_CHARACTERS_MAX: Final = 20_000


def of_row(item: SetAside, now: datetime) -> Case:
    return Case(CaseKind.ROW, item.reason, item.identity, now, body=item.body, at=item.at)


def of_tally(tally: Tally, now: datetime) -> Case:
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
