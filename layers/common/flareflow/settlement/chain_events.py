"""Enters the events of the contract into the journal."""

from dataclasses import dataclass
from typing import Final

from flareflow.settlement.events import (
    ChainEvent,
    PlanAdded,
    PlanChanged,
    PlanEvent,
    PlanRetired,
    RevenueWithdrawn,
    SubscriptionEvent,
    SubscriptionOpened,
)
from flareflow.settlement.journal import post
from flareflow.settlement.plans import PlanVersion
from flareflow.settlement.ports import ChainLog, DepositToken, Ledger
from flareflow.settlement.pricing import Tariff
from flareflow.time import Clock, Deadline

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
    Once all are entered it is noted when the latest block was asked for: the age of the ledger.
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
        while first <= sealed and not deadline.is_near():
            last = min(first + HEIGHTS_MAX - 1, sealed)
            entries += sum(self._enter(event) for event in self.chain.events(first, last))
            self.ledger.advance(last)
            read_to, first = last, last + 1
        if first > sealed:
            self.ledger.note_complete(asked_at)
        return ChainEventsReport(entries, read_to)

    def _enter(self, event: ChainEvent) -> bool:
        happened = event.happened
        if isinstance(happened, PlanAdded | PlanRetired):
            self._follow_plan(happened)
            return False
        if isinstance(happened, RevenueWithdrawn):
            posting = post(event, None)
        else:
            posting = post(event, self.ledger.subscription(happened.subscription_id), self._accepted(happened))
        return posting is not None and self.ledger.record(posting)

    def _follow_plan(self, happened: PlanEvent) -> None:
        if isinstance(happened, PlanRetired):
            self.ledger.retire_plan(happened.plan_id)
        else:
            self.ledger.add_plan(PlanVersion.of(happened, token_is_dollar=self.token.is_dollar()))

    def _accepted(self, happened: SubscriptionEvent) -> Tariff | None:
        """The tariff of the plan that the event names, if it names one that was announced."""
        if not isinstance(happened, SubscriptionOpened | PlanChanged):
            return None
        plan = self.ledger.plan(happened.plan_id, happened.plan_version)
        return plan.tariff if plan else None
