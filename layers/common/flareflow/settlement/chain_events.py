"""Reading the contract's events into the books."""

from dataclasses import dataclass
from typing import Final

from flareflow.settlement.events import ChainEvent, RevenueWithdrawn
from flareflow.settlement.journal import post
from flareflow.settlement.ports import ChainLog, Ledger
from flareflow.time import Deadline

HEIGHTS_MAX: Final = 250


@dataclass(frozen=True, slots=True)
class ChainEventsReport:
    """What one tick read: entries added, and the last height that is in the journal now, if any."""

    entries: int
    read_to: int | None


@dataclass(frozen=True, slots=True)
class ReadChainEvents:
    """Bring every event from `start_height` on into the journal once, in order, up to the latest sealed block.

    The cursor moves after the events, so a crash repeats some; the books know what they have.
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
