"""The receipt of a month, from bills that were checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flareflow.attestation.relay import RootMessage
from flareflow.metering.models import NO_USAGE, Usage
from flareflow_verify.amounts import money
from flareflow_verify.bundle import Bundle, Charge, OnFlow
from flareflow_verify.checking import Exit, Outcome, Report, worst
from flareflow_verify.epochs import has_its_window
from flareflow_verify.evidence import DifferenceError, Evidence, MissingError
from flareflow_verify.receipt.month import Month


@dataclass(frozen=True, slots=True)
class Line:
    """One bill: what was used since the line before, how it was charged, and what was found when it was checked.

    `charged_ufix64` is what was charged since the line before. None stands for what is not known; `charge` is also
    None where this usage is not charged yet. `unverified` are steps that differ or could not be checked, and why.
    """

    epoch: int
    until: datetime | None
    statement_hash: bytes | None
    voting_round: int | None
    usage: Usage | None
    charge: Charge | None
    charged_ufix64: int | None
    result: Exit
    unverified: tuple[str, ...]

    def charged(self, token: str) -> str:
        """What was charged, in words."""
        if self.charge is not None and not self.charged_ufix64 and self.charge.epoch > self.epoch:
            return f"with {self.charge.epoch}"
        return "not known" if self.charged_ufix64 is None else money(self.charged_ufix64, token)


@dataclass(frozen=True, slots=True)
class MonthlyReceipt:
    """The lines of a month, oldest first; `on_flow` is the contract's state by the last of them.

    `is_by_day`: a line is the last bill of its day, whose totals contain all bills before it.
    """

    subscription_id: int
    month: Month
    made_at: datetime
    is_by_day: bool
    result: Exit
    on_flow: OnFlow | None
    lines: Sequence[Line]
    believed: Sequence[str]

    @property
    def usage(self) -> Usage | None:
        """All usage of the month; None where a line's is not known."""
        known = [line.usage for line in self.lines if line.usage is not None]
        return Usage.sum(known) if known and len(known) == len(self.lines) else None

    @property
    def charged_ufix64(self) -> int:
        """What was charged in the month, as far as the lines tell."""
        return sum(line.charged_ufix64 or 0 for line in self.lines)

    @property
    def uncharged(self) -> int:
        """Of how many lines the charge is not known."""
        return sum(line.charged_ufix64 is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class CheckedBills:
    """The bills of a month with what was found in each; `opening` is the last one before the month, where known.

    `is_by_day`: they are the last bills of their days.
    """

    opening: Bundle | None
    bundles: Sequence[Bundle]
    reports: Sequence[Report]
    is_by_day: bool

    def receipt(self, month: Month, made_at: datetime) -> MonthlyReceipt:
        before = [self.opening, *self.bundles]
        lines = [
            _line(earlier, bundle, report, is_by_day=self.is_by_day)
            for earlier, bundle, report in zip(before, self.bundles, self.reports, strict=False)
        ]
        last = self.bundles[-1]
        believed = dict.fromkeys(one for report in self.reports for one in report.believed)
        return MonthlyReceipt(
            subscription_id=last.subscription_id,
            month=month,
            made_at=made_at,
            is_by_day=self.is_by_day,
            result=worst(self.reports),
            on_flow=last.on_flow,
            lines=_each_charge_once(lines),
            believed=tuple(believed),
        )


def _line(earlier: Bundle | None, bundle: Bundle, report: Report, *, is_by_day: bool) -> Line:
    evidence = Evidence(bundle)
    charge = bundle.on_flow.charge if bundle.on_flow else None
    statement = _known(lambda: evidence.statement)
    message = _known(lambda: RootMessage.decode(evidence.attested.message))
    unverified = [one for one in report.findings if one.outcome is not Outcome.VERIFIED]
    return Line(
        epoch=bundle.epoch,
        until=datetime.fromtimestamp(statement.window_end, UTC) if statement and has_its_window(statement) else None,
        statement_hash=statement.hash if statement else None,
        voting_round=message.voting_round if message else None,
        usage=_used(earlier, evidence, is_by_day=is_by_day),
        charge=charge,
        charged_ufix64=_charged_since(earlier, bundle) if is_by_day else charge.charged_ufix64 if charge else None,
        result=report.exit,
        unverified=tuple(f"{one.link}: {one.said}" for one in unverified),
    )


def _used(earlier: Bundle | None, evidence: Evidence, *, is_by_day: bool) -> Usage | None:
    """What was used since the statement before; by day, since the bill before."""
    try:
        if is_by_day:
            return evidence.usage - (Evidence(earlier).usage if earlier else NO_USAGE)
        before = evidence.totals_before
        return evidence.usage - (before.usage if before else NO_USAGE)
    except (DifferenceError, MissingError):
        return None


def _charged_since(earlier: Bundle | None, bundle: Bundle) -> int | None:
    """What was charged since a bill before; None unless the contract's state is known as it was then."""
    states = [_charged_by(bundle), 0 if earlier is None else _charged_by(earlier)]
    return None if states[0] is None or states[1] is None else states[0] - states[1]


def _charged_by(bundle: Bundle) -> int | None:
    on_flow = bundle.on_flow
    is_as_it_was = on_flow is not None and on_flow.charge is not None and on_flow.height == on_flow.charge.height
    return on_flow.bill.charged_ufix64 if on_flow is not None and is_as_it_was else None


def _each_charge_once(lines: Sequence[Line]) -> Sequence[Line]:
    """A later statement can have charged the usage of several lines; the last of them has the amount."""
    seen, kept = set[str](), list[Line]()
    for line in reversed(lines):
        is_again = line.charge is not None and line.charge.transaction_id in seen
        kept.insert(0, replace(line, charged_ufix64=0) if is_again else line)
        seen |= {line.charge.transaction_id} if line.charge else set()
    return kept


def _known[T](read: Callable[[], T]) -> T | None:
    """A part of the evidence; None where it is missing or malformed, which the report says."""
    try:
        return read()
    except (DifferenceError, MissingError, ValueError):
        return None
