"""Whether each outside system does its part now, and how far behind the pipeline is, for everybody to see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from flareflow.attestation.models import State
from flareflow.settlement.health import Health, System
from flareflow.settlement.ports import KnownRates
from flareflow.statements.ports import Statements
from flareflow.time import Clock, Epochs

LATE_EPOCHS: Final = 3
"""Ticks come once in an epoch: what is this many epochs behind has missed more than one."""
RATE_LATE: Final = timedelta(hours=1)
"""An older rate is not used (see `accounts.standing`)."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """`as_of`: up to when all that the system tells is known here; None if nothing is."""

    system: System
    health: Health
    as_of: datetime | None
    seconds_behind: int | None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """How far usage is on its way. `unsettled` counts the statements that are neither settled nor skipped.

    `sealed_to`: the end of the newest epoch with a statement. `lag_seconds`: how long ago the oldest epoch ended that
    is not settled or skipped; 0 if all are.
    """

    newest_statement: int | None
    sealed_to: datetime | None
    unsettled: int
    oldest_unsettled: int | None
    lag_seconds: int


@dataclass(frozen=True, slots=True)
class Status:
    """`health` is the worst of the systems that are known."""

    at: datetime
    health: Health
    systems: Sequence[SystemStatus]
    pipeline: Pipeline


class UnderWay(Protocol):
    """The attestations under way."""

    def states(self) -> Sequence[tuple[int, State]]:
        """(epoch, state) of those that are neither settled nor skipped, oldest first, at most 100."""


class LedgerAge(Protocol):
    """How old the ledger is."""

    def complete_at(self) -> datetime | None:
        """When every event of the chain was in the ledger for the last time; None if it never was."""


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """Reads five items, whatever the load. `metered_to`: up to when the spend log was read."""

    metered_to: Callable[[], datetime | None]
    statements: Statements
    under_way: UnderWay
    ledger: LedgerAge
    rates: KnownRates
    epochs: Epochs
    clock: Clock

    def run(self) -> Status:
        now, states = self.clock(), self.under_way.states()
        late = LATE_EPOCHS * timedelta(seconds=self.epochs.seconds)
        rate = self.rates.last_rate()
        systems = [
            _status(System.LITELLM, self.metered_to(), late, now),
            _status(System.FLARE, self._attested_to(states, now), 2 * late, now),
            _status(System.FLOW, self.ledger.complete_at(), late, now),
            _status(System.PRICE_ORACLE, rate.read_at if rate else None, RATE_LATE, now),
        ]
        health = Health.LATE if any(one.health is Health.LATE for one in systems) else Health.OK
        return Status(now, health, systems, self._pipeline(states, now))

    def _attested_to(self, states: Sequence[tuple[int, State]], now: datetime) -> datetime:
        """The end of the oldest epoch that waits for Flare; now, if none does."""
        waiting = [epoch for epoch, state in states if state in (State.SEALED, State.REQUESTED, State.FINALIZED)]
        return self.epochs.end(waiting[0]) if waiting else now

    def _pipeline(self, states: Sequence[tuple[int, State]], now: datetime) -> Pipeline:
        newest = self.statements.list(before=None, limit=1)
        oldest = states[0][0] if states else None
        return Pipeline(
            newest_statement=newest[0][0] if newest else None,
            sealed_to=self.epochs.end(newest[0][0]) if newest else None,
            unsettled=len(states),
            oldest_unsettled=oldest,
            lag_seconds=0 if oldest is None else _seconds(now - self.epochs.end(oldest)),
        )


def _status(system: System, as_of: datetime | None, late: timedelta, now: datetime) -> SystemStatus:
    if as_of is None:
        return SystemStatus(system, Health.UNKNOWN, None, None)
    return SystemStatus(system, Health.LATE if now - as_of > late else Health.OK, as_of, _seconds(now - as_of))


def _seconds(duration: timedelta) -> int:
    return max(0, int(duration.total_seconds()))
