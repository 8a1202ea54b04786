"""Sends each transaction once, even when an answer is lost or an invocation stops halfway.

Each purpose has one transaction. It is signed and stored before it is sent. Later invocations send the same bytes
again, which Flow executes at most once. Another transaction is made only when the last one can no longer be executed.
Even then nothing is charged twice, because the contracts ignore what they have already done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from flareflow.settlement.ports import Flow, Outbox, ProposerKeys
from flareflow.settlement.transactions import Call, Outgoing, SendingStatus, Stage
from flareflow.time import Deadline, Pause

POLL_SECONDS: Final = 0.5
LEASE: Final = timedelta(minutes=20)
"""Longer than a transaction can wait to be executed (600 blocks), so that a key never has two under way."""


@dataclass(frozen=True, slots=True)
class SendOnFlow:
    """Sends calls to Flow, at most one at a time for each proposer key."""

    flow: Flow
    outbox: Outbox
    keys: ProposerKeys
    pause: Pause

    def run(self, calls: Sequence[Call], deadline: Deadline) -> dict[str, Outgoing]:
        """The outcomes by purpose; a call that did not end before the deadline has none.

        A call that failed, now or in an earlier run, is sent again by a run after its `retry_at`.
        """
        outcomes: dict[str, Outgoing] = {}
        waiting = list(calls)
        while waiting and not deadline.is_near():
            outcomes |= self._round(waiting, deadline.clock())
            waiting = [call for call in waiting if call.purpose not in outcomes]
            if waiting:
                self.pause(POLL_SECONDS)
        return outcomes

    def _round(self, calls: Sequence[Call], now: datetime) -> dict[str, Outgoing]:
        """Take one step for each call, up to the first without a free proposer key; return those that ended."""
        ended: dict[str, Outgoing] = {}
        for call in calls:
            outgoing = self._advance(call, now)
            if outgoing is None:
                break
            if outgoing.status is not SendingStatus.SIGNED:
                ended[call.purpose] = outgoing
        return ended

    def _advance(self, call: Call, now: datetime) -> Outgoing | None:
        outgoing = self.outbox.get(call.purpose)
        if outgoing is None:
            return self._begin(call, None, now)
        if outgoing.status is SendingStatus.SIGNED:
            return self._follow(call, outgoing, now)
        due = outgoing.retry_at is not None and outgoing.retry_at <= now
        return self._begin(call, outgoing, now) if due else outgoing

    def _begin(self, call: Call, before: Outgoing | None, now: datetime) -> Outgoing | None:
        key_index = self.keys.lease(call.purpose, self.flow.proposer_keys(), now, now + LEASE)
        if key_index is None:
            return None
        attempts, version = (before.attempts, before.version) if before else (0, 0)
        transaction = self.flow.sign(call, key_index)
        made = Outgoing(call.purpose, transaction, key_index, attempts + 1, version=version)
        return self._send(self.outbox.save(made), now)

    def _send(self, outgoing: Outgoing, now: datetime) -> Outgoing:
        refusal = self.flow.send(outgoing.transaction)
        return outgoing if refusal is None else self._end(outgoing.failed(refusal, now))

    def _follow(self, call: Call, outgoing: Outgoing, now: datetime) -> Outgoing | None:
        progress = self.flow.progress(outgoing.transaction)
        match progress.stage:
            case Stage.UNKNOWN:
                return self._send(outgoing, now)
            case Stage.PENDING:
                return outgoing
            case Stage.SUCCEEDED:
                return self._end(replace(outgoing, status=SendingStatus.SUCCEEDED))
            case Stage.FAILED:
                return self._end(outgoing.failed(progress.reason, now))
            case Stage.VOID:
                self.keys.release(outgoing.purpose, outgoing.key_index)
                return self._begin(call, outgoing, now)

    def _end(self, outgoing: Outgoing) -> Outgoing:
        ended = self.outbox.save(outgoing)
        self.keys.release(outgoing.purpose, outgoing.key_index)
        return ended
