"""What an operator does with open cases: list them, bill a row after all, write it off, note a credit, or have it read
again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flareflow.errors import ConflictError, InvalidRequestError, NotFoundError
from flareflow.metering.calls import SetAside
from flareflow.metering.cases import Case, CaseKind, Decision, Verdict
from flareflow.metering.ports import Cases, ReadingProgress, SliceQueue
from flareflow.metering.rows import LoggedRow, Slice, window_of
from flareflow.metering.sorting import SortRows

LISTED_MAX: Final = 100
LISTED_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class CasePage:
    """Some open cases; `next_cursor` is the cursor of the next ones, None at the end."""

    items: Sequence[Case]
    next_cursor: str | None


type ReadRow = Callable[[str, Mapping[str, object]], LoggedRow | SetAside]
"""The row of a JSON text after some of its fields were replaced. Raises ValueError when the text is no JSON object."""


@dataclass(frozen=True, slots=True)
class DecideCases:
    """The operator's commands. Each can be repeated; what was decided once stays decided."""

    cases: Cases
    sort_rows: SortRows
    read_row: ReadRow
    progress: ReadingProgress
    slices: SliceQueue

    def list(self, after: str | None) -> Sequence[Case]:
        """The next open cases after an id, with only the beginnings of their rows."""
        cases = self.cases.open_cases(after, LISTED_MAX)
        return [replace(case, body=case.body[:LISTED_CHARACTERS]) for case in cases]

    def show(self, case_id: str) -> Case:
        """One case as a whole. Raises NotFoundError."""
        return self._find(case_id)

    def write_off(self, case_id: str, who: str, why: str, now: datetime) -> Case:
        """Nobody will be billed for it. Raises NotFoundError, ConflictError when it was decided otherwise."""
        return self._decided(self._find(case_id), Decision(Verdict.WRITTEN_OFF, who, why, now))

    def credit(self, case_id: str, transaction_id: str, who: str, why: str, now: datetime) -> Case:
        """The customer got back on chain what a difference had cost them. Raises as `write_off` does, and
        InvalidRequestError for a case that is no difference: nobody has paid for it.
        """
        case = self._find(case_id)
        if case.kind is not CaseKind.DIFFERENCE:
            raise InvalidRequestError("case_is_no_difference", f"nobody has paid for {case.id}")
        return self._decided(case, Decision(Verdict.CREDITED, who, why, now, transaction_id))

    def bill(self, case_id: str, changes: Mapping[str, object], who: str, why: str, now: datetime) -> Case:
        """Bill the row of a case; `changes` replace fields of the row that were wrong or are missing.

        Raises NotFoundError, InvalidRequestError when the row is still nobody's, ConflictError when it was decided
        otherwise.
        """
        case, decision = self._find(case_id), Decision(Verdict.BILLED, who, why, now)
        _check(case, decision)
        self._count(case, changes, now)
        return self._decided(case, decision)

    def drive_again(self, case_id: str, who: str, now: datetime) -> Case:
        """Try a row once more as it is, or have the window of a tally read again.

        Rows of a tally whose keys have become known are billed then, and the others open the tally again.
        Raises as `bill` does.
        """
        case = self._find(case_id)
        if case.kind is not CaseKind.TALLY or case.at is None:
            return self.bill(case_id, {}, who, "driven again", now)
        part = Slice(window_of(case.at))
        self.progress.advance(None, [part], now)
        self.slices.send([part])
        self.cases.forget(case)
        return case

    def _find(self, case_id: str) -> Case:
        case = self.cases.find(case_id)
        if case is None:
            raise NotFoundError("case_not_found", f"there is no case {case_id}")
        return case

    def _decided(self, case: Case, decision: Decision) -> Case:
        _check(case, decision)
        if case.decision:
            return case
        decided = replace(case, decision=decision)
        self.cases.decide(decided)
        return decided

    def _count(self, case: Case, changes: Mapping[str, object], now: datetime) -> None:
        if case.kind is CaseKind.TALLY:
            raise InvalidRequestError("case_is_a_tally", "rows of a tally are billed by reading them again")
        try:
            row = self.read_row(case.body or "{}", changes)
        except ValueError as error:
            raise InvalidRequestError("row_unreadable", f"the row of {case.id} is no JSON object") from error
        reason = row.reason if isinstance(row, SetAside) else self.sort_rows.bill(row, now)
        if reason:
            raise InvalidRequestError("row_not_billable", f"the row of {case.id} cannot be billed: {reason}")


@dataclass(frozen=True, slots=True)
class ListCases:
    """The open cases in parts, or one case."""

    cases: DecideCases

    def run(self, case_id: str | None, cursor: str | None) -> CasePage:
        """One case as a whole, open or decided, if `case_id` is given. Raises NotFoundError `case_not_found`."""
        if case_id is not None:
            return CasePage([self.cases.show(case_id)], None)
        found = self.cases.list(cursor)
        return CasePage(found, found[-1].id if len(found) == LISTED_MAX else None)


def _check(case: Case, decision: Decision) -> None:
    """Raises ConflictError when the case was decided otherwise."""
    before = case.decision
    if before and (before.verdict, before.transaction_id) != (decision.verdict, decision.transaction_id):
        raise ConflictError("case_decided", f"{case.id} was {before.verdict} by {before.who}")
