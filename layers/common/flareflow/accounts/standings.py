"""Deciding and keeping standings: one item for each subscription, which every place asks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flareflow.accounts.models import KeyStatus, KnownStanding, Standing
from flareflow.accounts.ports import Ledger, LiveUsage, Rates, Standings
from flareflow.accounts.standing import UNKNOWN, UNKNOWN_GRACE, Decision, Facts, decide
from flareflow.errors import UNREADABLE, RaceLostError
from flareflow.time import Clock

ATTEMPTS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is stored of a standing, and what it was decided by."""

    known: KnownStanding
    decision: Decision

    def wanted_status(self, now: datetime) -> KeyStatus | None:
        """The status that keys should have; None while the standing is unknown, within the grace."""
        if self.known.standing.allows_calls:
            return KeyStatus.ACTIVE
        known_until = self.decision.known_until or self.known.since
        is_within_grace = self.known.standing is Standing.UNKNOWN and now - known_until <= UNKNOWN_GRACE
        return None if is_within_grace else KeyStatus.BLOCKED


@dataclass(frozen=True, slots=True)
class JudgeStanding:
    """Decide the standing of a subscription from ledger and usage as they are now, and store it if it has changed."""

    ledger: Ledger
    usage: LiveUsage
    rates: Rates
    standings: Standings
    clock: Clock

    def run(self, subscription_id: int) -> Judgement:
        """Raises StorageUnavailableError, and RaceLostError when others changed the standing at each attempt."""
        for _ in range(ATTEMPTS_MAX):
            # What is stored is read before the facts: a decision by older facts never replaces one by newer facts.
            before = self.standings.find(subscription_id)
            decision = self._decision(subscription_id)
            try:
                return Judgement(self._keep(subscription_id, before, decision), decision)
            except RaceLostError:
                continue
        raise RaceLostError(f"the standing of subscription {subscription_id} changed in {ATTEMPTS_MAX} attempts")

    def _decision(self, subscription_id: int) -> Decision:
        """Unknown without a ledger row, and where ledger or usage are not what they have to be."""
        try:
            facts = self._facts(subscription_id)
            return UNKNOWN if facts is None else decide(facts, self.clock())
        except UNREADABLE:
            return UNKNOWN

    def _facts(self, subscription_id: int) -> Facts | None:
        complete_at = self.ledger.complete_at()
        subscription = self.ledger.subscription(subscription_id)
        if subscription is None:
            return None
        return Facts(
            subscription=subscription,
            live=self.usage.live(subscription_id),
            low_balance_ufix64=self.ledger.low_balance_ufix64(subscription.plan_id, subscription.plan_version),
            rate=self.rates.last_rate() if subscription.needs_rate else None,
            ledger_complete_at=complete_at,
        )

    def _keep(self, subscription_id: int, before: KnownStanding | None, decision: Decision) -> KnownStanding:
        if before is not None and (before.standing, before.owner) == (decision.standing, decision.owner):
            return before
        version = before.version + 1 if before else 1
        after = KnownStanding(subscription_id, decision.standing, decision.owner, self.clock(), version)
        self.standings.replace(after)
        return after
