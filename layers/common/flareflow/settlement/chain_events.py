"""Enters the events of the contract into the journal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final

from flareflow.errors import FlowAnswerTooLargeError
from flareflow.settlement.entering import Entering
from flareflow.settlement.events import BlocksRead, ChainEvent
from flareflow.settlement.ports import ChainLog, DepositToken, Ledger
from flareflow.time import Clock, Deadline

HEIGHTS_MAX: Final = 250
"""Blocks whose events are asked for at a time; access nodes answer for at most 250."""
STEP_EVENTS_MAX: Final = 250
"""Events that are entered before the deadline is looked at again."""
SET_ASIDE_COUNTED_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class ChainEventsReport:
    """The number of entries that one tick added, the last height whose events were all looked at, if any, and how many
    events are set aside now (at most SET_ASIDE_COUNTED_MAX)."""

    entries: int
    read_to: int | None
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class ReadChainEvents:
    """Enters every event from `start_height` to the latest sealed block into the journal, once and in order.

    The cursor moves after the events are stored. After a crash in between, some are read again and not entered twice.
    An event that cannot be entered is set aside, and its subscription waits; all others go on. Once all were looked at
    it is noted when the latest block was asked for: the age of the ledger.
    """

    chain: ChainLog
    token: DepositToken
    ledger: Ledger
    start_height: int
    clock: Clock

    def run(self, deadline: Deadline) -> ChainEventsReport:
        entries = 0
        read_to = self.ledger.read_to()
        asked_at = self.clock()
        sealed = self.chain.latest_sealed_height()
        first = self.start_height if read_to is None else read_to + 1
        blocks_max = HEIGHTS_MAX
        while first <= sealed and not deadline.is_near():
            last = min(first + blocks_max - 1, sealed)
            try:
                blocks = self.chain.events(first, last)
            except FlowAnswerTooLargeError:
                if last == first:
                    raise
                blocks_max = (last - first + 1) // 2
                continue
            blocks_max = min(2 * blocks_max, HEIGHTS_MAX)
            for step in _steps(blocks):
                entries += self._enter(step.events)
                if step.read_to >= first:
                    self.ledger.advance(step.read_to)
                    read_to, first = step.read_to, step.read_to + 1
                if deadline.is_near():
                    break
        if first > sealed:
            self.ledger.note_complete(asked_at)
        return ChainEventsReport(entries, read_to, len(self.ledger.set_aside(SET_ASIDE_COUNTED_MAX)))

    def _enter(self, events: Sequence[ChainEvent]) -> int:
        return self.ledger.record(Entering(self.token, self.ledger).postings(events))


def _steps(blocks: BlocksRead) -> Iterator[BlocksRead]:
    """The events in parts of at most STEP_EVENTS_MAX, each with the last block that is complete with it."""
    parts = list(batched(blocks.events, STEP_EVENTS_MAX, strict=False)) or [()]
    for part, following in zip(parts, [*parts[1:], ()], strict=True):
        yield BlocksRead(following[0].position.height - 1 if following else blocks.read_to, part)
