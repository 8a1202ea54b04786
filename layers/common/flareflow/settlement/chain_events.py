"""Enters the events of the contract into the journal."""

from dataclasses import dataclass
from typing import Final

from flareflow.settlement.events import ChainEvent, RevenueWithdrawn
from flareflow.settlement.journal import post
from flareflow.settlement.ports import ChainLog, Ledger
from flareflow.time import Deadline

HEIGHTS_MAX: Final = 250
"""Blocks whose events are asked for at a time; access nodes answer for at most 250."""


@dataclass(frozen=True, slots=True)
class ChainEventsReport:
    """The number of entries that one tick added, and the last height whose events are all in the journal, if any."""

    entries: int
    read_to: int | None


@dataclass(frozen=True, slots=True)
class ReadChainEvents:
    """Enters every event from `start_height` to the latest sealed block into the journal, once and in order.

    The cursor moves after the events are stored. After a crash in between, some are read again and not entered twice.
    """

    chain: ChainLog
    ledger: Ledger
    start_height: int

    def run(self, deadline: Deadline) -> ChainEventsReport:
        entries = 0
        read_to = self.ledger.read_to()
        sealed = self.chain.latest_sealed_height()
        first = self.start_height if read_to is None else read_to + 1
        while first <= sealed and not deadline.is_near():
            last = min(first + HEIGHTS_MAX - 1, sealed)
            entries += sum(self._enter(event) for event in self.chain.events(first, last))
            self.ledger.advance(last)
            read_to, first = last, last + 1
        return ChainEventsReport(entries, read_to)

    def _enter(self, event: ChainEvent) -> bool:
        happened = event.happened
        about = None if isinstance(happened, RevenueWithdrawn) else happened.subscription_id
        posting = post(event, None if about is None else self.ledger.subscription(about))
        return posting is not None and self.ledger.record(posting)
