"""The command `receipt`: gather the bills of a month, check each, and write what they say together."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

from flareflow.time import utc_now
from flareflow_verify.bundle import Bundle
from flareflow_verify.checking import Outcome, Report, check, check_all
from flareflow_verify.epochs import epochs_of
from flareflow_verify.errors import CommandError
from flareflow_verify.evidence import Trust
from flareflow_verify.gathering import Gather, TooManyEpochsError, Wanted
from flareflow_verify.output import print_found
from flareflow_verify.reading import write_text
from flareflow_verify.receipt.model import CheckedBills
from flareflow_verify.receipt.month import Month
from flareflow_verify.receipt.page import page
from flareflow_verify.receipt.texts import as_json, lines
from flareflow_verify.remembering import remember

LINES_MAX: Final = 100
"""Bills of a month that are listed one by one; of more, the last of each day is."""


def run(given: argparse.Namespace, trust: Trust, gathering: Callable[[], AbstractContextManager[Gather]]) -> int:
    """Write the receipt; return the exit status. Raises CommandError."""
    try:
        month = Month.parse(given.month)
    except ValueError as error:
        raise CommandError(str(error)) from error
    with gathering() as gather:
        bills = _Month(given.subscription, month, trust, gather).checked()
    remember(given.checkpoint, bills.bundles, bills.reports)
    made = bills.receipt(month, utc_now())
    if given.output:
        write_text(Path(given.output), page(made))
    print_found(lines(made), lambda: as_json(made), is_json=given.json)
    return made.result


class _Month:
    """The bills of one month of a subscription."""

    def __init__(self, subscription_id: int, month: Month, trust: Trust, gather: Gather) -> None:
        self.subscription_id, self.month, self.trust, self.gather = subscription_id, month, trust, gather
        self.epochs = epochs_of(gather.newest_statement())

    def checked(self) -> CheckedBills:
        whole = self.month.epochs(self.epochs)
        try:
            used = self.gather.epochs_used(self.subscription_id, whole.start, whole.stop - 1, LINES_MAX)
        except TooManyEpochsError:
            return self._by_day()
        bundles = self._gathered(used)
        return CheckedBills(None, bundles, check_all(bundles, self.trust, self.gather.say), is_by_day=False)

    def _by_day(self) -> CheckedBills:
        days = [(day, self._last_used(day.stop - 1)) for day in self.month.days(self.epochs)]
        bundles = self._gathered([epoch for day, epoch in days if epoch is not None and epoch in day])
        before = self._last_used(self.month.epochs(self.epochs).start - 1)
        opening = None if before is None else self._bill(before)
        reports = [check(one, self.trust) for one in bundles]
        if opening is not None:
            reports[0] = _resting_on(check(opening, self.trust), reports[0])
        return CheckedBills(opening, bundles, reports, is_by_day=True)

    def _last_used(self, last: int) -> int | None:
        return self.gather.last_used(self.subscription_id, last)

    def _gathered(self, epochs: Sequence[int]) -> Sequence[Bundle]:
        if not epochs:
            raise CommandError(f"subscription {self.subscription_id} used nothing in {self.month}")
        return [self._bill(epoch) for epoch in epochs]

    def _bill(self, epoch: int) -> Bundle:
        return self.gather.run(Wanted(self.subscription_id, epoch))


def _resting_on(opening: Report, report: Report) -> Report:
    """The report of the first bill, which is the rest of what the bill before the month has."""
    unverified = (finding for finding in opening.findings if finding.outcome is not Outcome.VERIFIED)
    marked = tuple(replace(one, said=f"in the bill of epoch {opening.epoch}, {one.said}") for one in unverified)
    return replace(report, findings=(*report.findings, *marked))
