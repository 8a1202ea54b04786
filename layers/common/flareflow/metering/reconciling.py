"""Reconciliation: what was billed against what LiteLLM counted, statements against events, journal against chain.

Every closed epoch is added to the numbers of each key and day. Those of a day are compared with LiteLLM's daily
activity, and those of all days with the key's own total. LiteLLM writes its totals and its rows one after the other,
in any order, and a row is billed minutes later. So what LiteLLM had counted an hour ago or earlier must be billed now,
and what was billed then must be counted now. A day is compared as it is two hours after its end. A difference is an
open case, which a person bills or writes off. What cannot be read is an open case as well, and the rest is compared as
usual.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from flareflow.errors import UNREADABLE
from flareflow.metering.cases import Case, CaseKind
from flareflow.metering.margins import ReadMargins
from flareflow.metering.models import Usage
from flareflow.metering.ports import (
    BilledCalls,
    Cases,
    JournalCheck,
    KeyDirectory,
    KeySpend,
    Reconciled,
    Reports,
    SealedTotals,
)
from flareflow.metering.spent import BilledCall, Compared, KeyLine, MarginLine, Sold, Spent
from flareflow.time import Deadline

SETTLED_AFTER: Final = timedelta(hours=1)
"""So long after one side has something, the other side has it as well, unless it was lost."""
EPOCHS_MAX: Final = 50
TURN_SECONDS: Final = 300
"""At each turn, other subscriptions are compared with the chain."""
REPORT_HOUR: Final = 2
"""The hour, in UTC, from which the day before is over: its last calls have ended and their rows are billed."""


@dataclass(frozen=True, slots=True)
class ReconciliationReport:
    """What one run did. `differences` are new open cases; `missing_nanousd` is what all keys of the day miss."""

    epochs: int = 0
    keys: int = 0
    differences: int = 0
    missing_nanousd: int = 0
    missing_rows: int = 0


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Compare closed epochs with their statements, and keys with what LiteLLM counted; a report for each day.

    `unit_nanousd`: what a million rated tokens are worth to the operator, for the margins in the report.
    """

    billed: BilledCalls
    sealed: SealedTotals
    litellm: KeySpend
    keys: KeyDirectory
    reconciled: Reconciled
    cases: Cases
    reports: Reports
    journal: JournalCheck
    unit_nanousd: int

    def run(self, now: datetime, deadline: Deadline) -> ReconciliationReport:
        """Raises SpendLogUnavailableError, StorageUnavailableError; the next run goes on."""
        epochs = opened = 0
        for epoch in self.sealed.epochs_after(self.reconciled.through_epoch(), EPOCHS_MAX):
            if deadline.is_near():
                break
            opened += self._reconcile_epoch(epoch, now)
            epochs += 1
        today = now.astimezone(UTC).date()
        lines = self._compare(today, now)
        opened += self._open_cases(lines, now)
        yesterday = today - timedelta(days=1)
        if now.astimezone(UTC).hour >= REPORT_HOUR and self.reconciled.reported() != yesterday:
            of_day = self._compare(yesterday, now) + self._lines(None, self.litellm.of_all_time(), now)
            self.reports.write(yesterday, of_day, self._margins(yesterday))
            opened += self._open_cases(of_day, now)
            self.reconciled.note_report(yesterday)
            lines += of_day
        return ReconciliationReport(
            epochs=epochs,
            keys=len({line.key_hash for line in lines}),
            differences=opened + self.cases.open(list(self._journal(now))),
            missing_nanousd=sum(line.missing.cost_nanousd for line in lines if line.day == today),
            missing_rows=sum(line.missing.rows for line in lines if line.day == today),
        )

    def _reconcile_epoch(self, epoch: int, now: datetime) -> int:
        """Open what differs, and only then note the epoch as reconciled; return how many cases are new."""
        billed, unreadable = _Billed(), dict[int, Case]()
        for subscription_id in self.billed.subscriptions(epoch):
            try:
                billed.add(subscription_id, list(self.billed.of(epoch, subscription_id)))
            except UNREADABLE as error:
                unreadable[subscription_id] = _unreadable_events(epoch, subscription_id, error, now)
        opened = self.cases.open([*unreadable.values(), *self._against_statement(epoch, billed, unreadable, now)])
        self.reconciled.add(epoch, billed.by_key, billed.by_model)
        return opened

    def _against_statement(self, epoch: int, billed: "_Billed", but: Collection[int], now: datetime) -> Iterator[Case]:
        """What differs between the events of an epoch and its statement, of all subscriptions but these."""
        try:
            told = self.sealed.added_by(epoch)
        except UNREADABLE as error:
            what = f"the documents of epoch {epoch} cannot be read: {error}"
            yield Case(CaseKind.DIFFERENCE, "statement_unreadable", str(epoch), now, what)
            return
        for subscription_id in sorted((billed.by_subscription.keys() | told.keys()) - set(but)):
            added, found = told.get(subscription_id, Usage()), billed.by_subscription.get(subscription_id, Usage())
            if added != found:
                yield _differs_from_statement(epoch, subscription_id, added, found, now)

    def _margins(self, day: date) -> list[MarginLine]:
        return list(ReadMargins(self.reconciled, self.unit_nanousd).of(day))

    def _open_cases(self, lines: Sequence[KeyLine], now: datetime) -> int:
        return self.cases.open([case for line in lines for case in _cases_of(line, now)])

    def _compare(self, day: date, now: datetime) -> list[KeyLine]:
        counted = self.litellm.of_day(day)
        return self._lines(day, counted, now)

    def _journal(self, now: datetime) -> Iterator[Case]:
        """What has differed between journal and chain in the same way for an hour; the journal is behind until then."""
        for subscription_id, what in self.journal.mismatches(int(now.timestamp()) // TURN_SECONDS):
            identity = hashlib.sha256(f"{subscription_id} {what}".encode()).hexdigest()
            if self.reconciled.seen_before(identity, now - SETTLED_AFTER, now):
                yield Case(CaseKind.DIFFERENCE, "journal_differs", identity, now, what, subscription_id=subscription_id)

    def _lines(self, day: date | None, counted: Mapping[str, Spent], now: datetime) -> list[KeyLine]:
        ours = self.keys.subscriptions(set(counted))
        counted = {key: spent for key, spent in counted.items() if key in ours}
        billed = self.reconciled.billed(day)
        keys = sorted(billed.keys() | counted.keys() if day else counted.keys())  # LiteLLM forgets deleted keys
        both = {key: (billed.get(key, Spent()), counted.get(key, Spent())) for key in keys}
        settled: Mapping[str, Compared] = {key: Compared(told, ours.cost_nanousd) for key, (ours, told) in both.items()}
        if day is None or day == now.astimezone(UTC).date():
            settled = self.reconciled.compared_before(day, settled, now - SETTLED_AFTER, now)
        return [KeyLine(key, day, *both[key], settled.get(key, Compared())) for key in keys]


@dataclass(frozen=True, slots=True)
class _Billed:
    """What the calls of an epoch add up to. A day of None stands for all days."""

    by_key: dict[tuple[str, date | None], Spent] = field(default_factory=lambda: defaultdict(Spent))
    by_model: dict[tuple[str, date], Sold] = field(default_factory=lambda: defaultdict(Sold))
    by_subscription: dict[int, Usage] = field(default_factory=lambda: defaultdict(Usage))

    def add(self, subscription_id: int, calls: Iterable[BilledCall]) -> None:
        """Add all calls of a subscription."""
        for call in calls:
            spent = Spent(1, call.usage.cost_nanousd, call.usage.rated_microtokens)
            day = call.started_at.astimezone(UTC).date()
            self.by_key[call.key_hash, day] += spent
            self.by_key[call.key_hash, None] += spent
            self.by_model[call.model, day] += Sold(1, call.usage.rated_microtokens, call.usage.cost_nanousd)
            self.by_subscription[subscription_id] += call.usage


def _differs_from_statement(epoch: int, subscription_id: int, told: Usage, found: Usage, now: datetime) -> Case:
    what = f"the statement of epoch {epoch} adds {told} to subscription {subscription_id}, its events {found}"
    identity = f"{epoch}-{subscription_id}"
    return Case(CaseKind.DIFFERENCE, "statement_differs", identity, now, what, subscription_id=subscription_id)


def _unreadable_events(epoch: int, subscription_id: int, error: Exception, now: datetime) -> Case:
    what = f"the events of subscription {subscription_id} in epoch {epoch} cannot be read: {error}"
    identity = f"{epoch}-{subscription_id}"
    return Case(CaseKind.DIFFERENCE, "events_unreadable", identity, now, what, subscription_id=subscription_id)


def _cases_of(line: KeyLine, now: datetime) -> Iterator[Case]:
    period = f"on {line.day}" if line.day else "on all days"
    identity = f"{line.key_hash}-{line.day or 'all'}"
    if line.missing != Spent():
        what = (
            f"LiteLLM has counted {line.settled.counted} for key {line.key_hash} {period} for an hour or more, "
            f"and {line.billed} was billed: rows may be lost, or only read"
        )
        yield Case(CaseKind.DIFFERENCE, "billed_less", identity, now, what)
    if line.surplus_nanousd:
        what = (
            f"key {line.key_hash} was billed {line.settled.billed_nanousd} nano-dollars {period} an hour ago or "
            f"earlier, and LiteLLM has counted {line.counted}"
        )
        yield Case(CaseKind.DIFFERENCE, "billed_more", identity, now, what)
