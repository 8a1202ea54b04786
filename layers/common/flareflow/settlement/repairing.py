"""Enters events that were set aside, once the reason is mended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

from flareflow.errors import UNREADABLE, BrokenRuleError
from flareflow.settlement.entering import Entering
from flareflow.settlement.events import ChainEvent, PlanAdded, PlanRetired
from flareflow.settlement.journal import Posting, enter
from flareflow.settlement.ports import ChainLog, DepositToken, Ledger
from flareflow.settlement.positions import Position, SetAside, Waiting
from flareflow.settlement.subscription import Subscription
from flareflow.time import Deadline

REPAIRED_MAX: Final = 500
"""Events that one repair looks at; run it again for the rest."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """How many events were entered after all, and those that could not be, each with the reason of this attempt."""

    entered: int
    still_aside: Sequence[SetAside]


@dataclass(frozen=True, slots=True)
class RepairJournal:
    """Reads events that are set aside from the chain again and enters them, each subscription's in their order.

    The first that still cannot be entered keeps those after it waiting. May be repeated.
    """

    chain: ChainLog
    token: DepositToken
    ledger: Ledger

    def run(self, deadline: Deadline) -> Repaired:
        listed = self.ledger.set_aside(REPAIRED_MAX + 1)
        following = {one.position: _waiting(other) for one, other in pairwise(listed) if _same(one, other)}
        entered, still_aside = 0, list[SetAside]()
        for _, group in groupby(listed[:REPAIRED_MAX], key=lambda one: one.subscription_id):
            repaired = _Repair(self, following, deadline).run(list(group))
            entered += repaired.entered
            still_aside += repaired.still_aside
        return Repaired(entered, still_aside)


@dataclass(frozen=True, slots=True)
class _Repair:
    """Of the events of one subscription, or of those that name none."""

    of: RepairJournal
    following: dict[Position, Waiting]
    deadline: Deadline

    def run(self, waiting: Sequence[SetAside]) -> Repaired:
        entered, still_aside = 0, list[SetAside]()
        for number, aside in enumerate(waiting):
            if self.deadline.is_near():
                still_aside += waiting[number:]
                break
            try:
                entered += self._enter(aside)
            except UNREADABLE as error:
                still_aside.append(replace(aside, reason=str(error)))
                if aside.subscription_id is not None:
                    still_aside += waiting[number + 1 :]
                    break
        return Repaired(entered, still_aside)

    def _enter(self, aside: SetAside) -> int:
        event, entering = self._read(aside), Entering(self.of.token, self.of.ledger)
        if isinstance(event.happened, PlanAdded | PlanRetired):
            entering.follow_plan(event.happened)
            self.of.ledger.forget(aside)
            return 1
        known = event.subscription_id
        before = self.of.ledger.subscription(known) if known is not None else None
        waits_for = self._waits_after(event, aside, before)
        posting = enter(event, before and replace(before, waits_for=None), entering.accepted(event))
        after = posting.subscription
        if after and before:
            after = replace(after, position=max(after.position, before.position))
        after = after and replace(after, waits_for=waits_for)
        return self.of.ledger.record([Posting(posting.entry, before, after, replaces=aside)])

    def _waits_after(self, event: ChainEvent, aside: SetAside, before: Subscription | None) -> Waiting | None:
        """What the subscription waits for after the event: the next one that is set aside.

        Raises BrokenRuleError for an event whose subscription is known only now, and waits for an earlier one.
        """
        if aside.subscription_id is not None or before is None or before.waits_for is None:
            return self.following.get(aside.position)
        if before.waits_for.position < event.position:
            raise BrokenRuleError(f"an earlier event is set aside: {before.waits_for.position}")
        return before.waits_for

    def _read(self, aside: SetAside) -> ChainEvent:
        """The event as the chain tells it now. Raises BrokenRuleError when it tells no such event."""
        height = aside.position.height
        for event in self.of.chain.events(height, height, {aside.kind}).events:
            if event.position == aside.position:
                return event
        raise BrokenRuleError(f"the chain has no event {aside.kind} at {aside.position}")


def _same(one: SetAside, other: SetAside) -> bool:
    return one.subscription_id is not None and one.subscription_id == other.subscription_id


def _waiting(aside: SetAside) -> Waiting:
    return Waiting(aside.position, aside.occurred_at)
