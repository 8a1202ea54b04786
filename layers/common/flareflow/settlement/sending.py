"""Sending each transaction once, whatever is lost on the way.

For a purpose there is one transaction. It is signed and stored before it is sent; whoever comes later sends the same
bytes again, which Flow executes at most once. Only when it can never be executed any more is another one made. What
it did on the chain is safe to repeat, because the contracts refuse doubles by themselves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from flareflow.settlement.ports import Flow, Outbox, ProposerKeys
from flareflow.settlement.transactions import ATTEMPTS_MAX, Call, Outgoing, Stage, Status
from flareflow.time import Deadline

POLL_SECONDS: Final = 0.5
LEASE: Final = timedelta(minutes=20)
"""Longer than a transaction can wait to be executed (600 blocks), so that no key is used twice at a time."""


@dataclass(frozen=True, slots=True)
class SendOnFlow:
    """Bring calls onto Flow, as many at a time as there are proposer keys."""

    flow: Flow
    outbox: Outbox
    keys: ProposerKeys
    pause: Callable[[float], None]

    def run(self, calls: Sequence[Call], deadline: Deadline) -> dict[str, Outgoing]:
        """The outcomes by purpose; a purpose without one was not finished by the deadline.

        A failed call is tried again by the next run, ATTEMPTS_MAX times in all.
        """
        outcomes: dict[str, Outgoing] = {}
        waiting = list(calls)
        while waiting and not deadline.is_near():
            for call in waiting:
                outgoing = self._advance(call, deadline)
                if outgoing is None:
                    break
                if outgoing.status is not Status.SIGNED:
                    outcomes[call.purpose] = outgoing
            waiting = [call for call in waiting if call.purpose not in outcomes]
            if waiting:
                self.pause(POLL_SECONDS)
        return outcomes

    def _advance(self, call: Call, deadline: Deadline) -> Outgoing | None:
        """One step for one call; None where it needs a proposer key and none is free."""
        outgoing = self.outbox.get(call.purpose)
        if outgoing is None or (outgoing.status is Status.FAILED and not outgoing.is_given_up):
            return self._begin(call, outgoing, deadline)
        if outgoing.status is Status.SIGNED:
            return self._follow(call, outgoing, deadline)
        return outgoing

    def _begin(self, call: Call, before: Outgoing | None, deadline: Deadline) -> Outgoing | None:
        now = deadline.clock()
        key_index = self.keys.lease(call.purpose, self.flow.proposer_keys(), now, now + LEASE)
        if key_index is None:
            return None
        attempts, version = (before.attempts, before.version) if before else (0, 0)
        transaction = self.flow.sign(call, key_index)
        made = Outgoing(call.purpose, transaction, key_index, attempts + 1, version=version)
        return self._send(self.outbox.save(made))

    def _send(self, outgoing: Outgoing) -> Outgoing:
        refusal = self.flow.send(outgoing.transaction)
        return outgoing if refusal is None else self._end(outgoing, Status.FAILED, refusal)

    def _follow(self, call: Call, outgoing: Outgoing, deadline: Deadline) -> Outgoing | None:
        progress = self.flow.progress(outgoing.transaction)
        match progress.stage:
            case Stage.UNKNOWN:
                return self._send(outgoing)
            case Stage.PENDING:
                return outgoing
            case Stage.SUCCEEDED:
                return self._end(outgoing, Status.SUCCEEDED)
            case Stage.VOID if outgoing.attempts < ATTEMPTS_MAX:
                self.keys.release(outgoing.purpose, outgoing.key_index)
                return self._begin(call, outgoing, deadline)
            case Stage.VOID | Stage.FAILED:
                return self._end(outgoing, Status.FAILED, progress.reason)

    def _end(self, outgoing: Outgoing, status: Status, reason: str = "") -> Outgoing:
        ended = self.outbox.save(replace(outgoing, status=status, reason=reason))
        self.keys.release(outgoing.purpose, outgoing.key_index)
        return ended
