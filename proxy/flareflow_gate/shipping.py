"""Hands stored records to `usage_ingest`, in batches, until it has them."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import httpx

from flareflow_gate.outbox import Outbox, Stored

BATCH_RECORDS_MAX: Final = 100
GATHER_SECONDS: Final = 0.05
"""Calls that end within this time travel together."""
RETRY_SECONDS_MIN: Final = 0.5
RETRY_SECONDS_MAX: Final = 30.0
TIMEOUT_SECONDS: Final = 10.0

_UNREADABLE: Final = {httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY}
"""What `usage_ingest` answers to a batch that it will never take."""

logger = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of a batch."""

    TAKEN = auto()
    UNREADABLE = auto()
    LATER = auto()
    """Nobody answered, or with an error that may pass."""


@dataclass(slots=True)
class Shipping:
    """Sends what the outbox holds; a record is forgotten once `usage_ingest` has answered 2xx for its batch.

    `on_taken` is told which records will not be sent again.
    """

    outbox: Outbox
    http: httpx.AsyncClient
    url: str
    secret: str
    on_taken: Callable[[Sequence[str]], None] = lambda event_ids: None
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """A record was stored."""
        self._more.set()

    async def run(self) -> None:
        """Until cancelled. A batch that is not taken is sent again, after a pause that doubles each time."""
        pause = RETRY_SECONDS_MIN
        while True:
            if await self.hand_over():
                pause = RETRY_SECONDS_MIN
                await self._rest()
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_SECONDS_MAX)

    async def hand_over(self) -> bool:
        """Send all that waits; whether nothing waits any more."""
        while batch := self.outbox.waiting(BATCH_RECORDS_MAX):
            if not await self._hand_over(batch):
                return False
        return True

    async def _hand_over(self, batch: Sequence[Stored]) -> bool:
        """Send one batch. One that cannot be read is sent record by record, so that the others do not wait for one."""
        outcome = await self._send(batch)
        if outcome is Outcome.TAKEN:
            self._taken(batch)
        elif outcome is Outcome.UNREADABLE and len(batch) == 1:
            logger.error("usage_ingest does not take the record of %s; it is kept", batch[0].event_id)
            self.outbox.reject(batch[0].event_id)
            self.on_taken([batch[0].event_id])
        elif outcome is Outcome.UNREADABLE:
            return all([await self._hand_over([stored]) for stored in batch])
        return outcome is not Outcome.LATER

    def _taken(self, batch: Sequence[Stored]) -> None:
        event_ids = [stored.event_id for stored in batch]
        self.outbox.forget(event_ids)
        self.on_taken(event_ids)

    async def _rest(self) -> None:
        """Until something is stored, by this gate or by another one on this machine."""
        try:
            await asyncio.wait_for(self._more.wait(), timeout=RETRY_SECONDS_MAX)
        except TimeoutError:
            return
        self._more.clear()
        await asyncio.sleep(GATHER_SECONDS)

    async def _send(self, batch: Sequence[Stored]) -> Outcome:
        body = b"[" + b",".join(stored.record for stored in batch) + b"]"
        headers = {"authorization": f"Bearer {self.secret}", "content-type": "application/json"}
        try:
            answer = await self.http.post(self.url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except httpx.HTTPError as error:
            logger.warning("%d records wait: %s", len(batch), type(error).__name__)
            return Outcome.LATER
        if answer.is_success:
            return Outcome.TAKEN
        logger.warning("%d records wait: usage_ingest answered %d", len(batch), answer.status_code)
        return Outcome.UNREADABLE if answer.status_code in _UNREADABLE else Outcome.LATER
