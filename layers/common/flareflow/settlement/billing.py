"""One tick of billing: send new signing policies, deliver proven statements, settle their pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from flareflow.attestation.models import Attestation, SignedPolicy, State
from flareflow.attestation.ports import Attestations, Policies
from flareflow.errors import UNREADABLE
from flareflow.settlement.pages import SealedPages
from flareflow.settlement.ports import LightClient
from flareflow.settlement.rates import ReadRate
from flareflow.settlement.sending import SendOnFlow
from flareflow.settlement.transactions import Call, DeliverStatement, RollPolicies, SendingStatus, SettlePage
from flareflow.statements.ports import SettledTotals
from flareflow.time import Deadline

POLICIES_PER_TRANSACTION: Final = 3
POLICY_TRANSACTIONS_MAX: Final = 8

_READY: Final = {State.PROVEN, State.CONFIRMED_ON_FLOW}


@dataclass(frozen=True, slots=True)
class BillingReport:
    """What one tick did. `failed` counts transactions that the access node refused or that failed on the chain.

    `pages_waiting` counts pages with plans in dollars that were not sent, because the contract has no usable rate now.
    `unreadable`: why attestations or pages were left out, which could not be read.
    """

    policies_rolled: int = 0
    statements_delivered: int = 0
    pages_settled: int = 0
    pages_waiting: int = 0
    failed: int = 0
    unreadable: tuple[str, ...] = ()

    def __add__(self, other: "BillingReport") -> "BillingReport":
        return BillingReport(
            self.policies_rolled + other.policies_rolled,
            self.statements_delivered + other.statements_delivered,
            self.pages_settled + other.pages_settled,
            self.pages_waiting + other.pages_waiting,
            self.failed + other.failed,
            self.unreadable + other.unreadable,
        )


@dataclass(frozen=True, slots=True)
class BillOnFlow:
    """Charges what Flare attested.

    A settlement that has begun is finished. Of the statements that are proven and not delivered only the newest is
    delivered, because its totals are cumulative; the others are skipped. The next tick continues what the deadline
    interrupts.

    Pages with plans in dollars are settled while the contract uses the oracle's rate. Otherwise they wait for a
    later tick or a newer statement, and all other pages are settled.

    A statement whose record or pages cannot be read holds up no other; a newer one carries its totals.
    """

    attestations: Attestations
    policies: Policies
    light_client: LightClient
    pages: SealedPages
    settled: SettledTotals
    rate: ReadRate
    sender: SendOnFlow

    def run(self, deadline: Deadline) -> BillingReport:
        report = self._roll_policies(deadline)
        refusal = self.rate.run(deadline.clock())
        ready, unreadable = self._ready()
        report += BillingReport(unreadable=tuple(unreadable))
        for attestation in ready:
            newest = ready[-1]
            if attestation.state is State.PROVEN and attestation.epoch < newest.epoch:
                self._skip(attestation, newest)
            elif not deadline.is_near():
                report += self._bill(attestation, newest, refusal, deadline)
        return report

    def _ready(self) -> tuple[list[Attestation], list[str]]:
        """The attestations that can be delivered or settled, oldest first, and why others could not be read."""
        ready, unreadable = list[Attestation](), list[str]()
        for epoch in self.attestations.epochs_under_way():
            try:
                attestation = self.attestations.get(epoch)
            except UNREADABLE as error:
                unreadable.append(f"attestation of epoch {epoch}: {error}")
            else:
                ready += [attestation] if attestation and attestation.state in _READY else []
        return ready, unreadable

    def _roll_policies(self, deadline: Deadline) -> BillingReport:
        report = BillingReport()
        for _ in range(POLICY_TRANSACTIONS_MAX):
            policies = tuple(self._missing_policies())
            if not policies or deadline.is_near():
                break
            outcome = self._send([RollPolicies(policies)], deadline)
            report += BillingReport(policies_rolled=outcome.succeeded * len(policies), failed=len(outcome.reasons))
            if not outcome.succeeded:
                break
        return report

    def _missing_policies(self) -> Iterator[SignedPolicy]:
        first = self.light_client.latest_reward_epoch() + 1
        for reward_epoch in range(first, first + POLICIES_PER_TRANSACTION):
            policy = self.policies.get(reward_epoch)
            if policy is None:
                return
            yield policy

    def _bill(
        self, attestation: Attestation, newest: Attestation, refusal: str | None, deadline: Deadline
    ) -> BillingReport:
        report = BillingReport()
        if attestation.state is State.PROVEN:
            attestation, report = self._deliver(attestation, deadline)
        if attestation.state is State.CONFIRMED_ON_FLOW:
            report += self._settle(attestation, newest, refusal, deadline)
        return report

    def _deliver(self, attestation: Attestation, deadline: Deadline) -> tuple[Attestation, BillingReport]:
        outcome = self._send([DeliverStatement(attestation)], deadline)
        if outcome.succeeded:
            attestation = self.attestations.save(replace(attestation, state=State.CONFIRMED_ON_FLOW))
        else:
            self._keep_reasons(attestation, outcome)
        return attestation, BillingReport(statements_delivered=outcome.succeeded, failed=len(outcome.reasons))

    def _settle(
        self, attestation: Attestation, newest: Attestation, refusal: str | None, deadline: Deadline
    ) -> BillingReport:
        """`refusal`: why the contract takes no rate of dollars now; None if it takes one."""
        try:
            pages = self._pages_to_settle(attestation.epoch, deadline.clock())
        except UNREADABLE as error:
            return self._give_up(attestation, newest, f"pages of epoch {attestation.epoch}: {error}")
        waiting = [page for page in pages if page.reads_rate and refusal is not None]
        ready = [page for page in pages if page not in waiting]
        outcome = self._send(ready, deadline)
        report = BillingReport(pages_settled=outcome.succeeded, pages_waiting=len(waiting), failed=len(outcome.reasons))
        if waiting:
            outcome = _Outcome(outcome.succeeded, (*outcome.reasons, f"pages in dollars wait: {refusal}"))
        if outcome.succeeded == len(pages):
            self.attestations.save(replace(attestation, state=State.SETTLED))
        elif outcome.reasons and attestation.epoch < newest.epoch:
            self._skip(attestation, newest)
        else:
            self._keep_reasons(attestation, outcome)
        return report

    def _give_up(self, attestation: Attestation, newest: Attestation, reason: str) -> BillingReport:
        """Leave a statement whose pages cannot be read to a newer one."""
        if attestation.epoch < newest.epoch:
            self._skip(attestation, newest)
        else:
            self._keep_reasons(attestation, _Outcome(0, (reason,)))
        return BillingReport(unreadable=(reason,))

    def _pages_to_settle(self, epoch: int, now: datetime) -> Sequence[SettlePage]:
        """The pages of an epoch on which the contract can charge something."""
        pages = self.pages.of(epoch)
        settled = self.settled.of({one for page in pages for one in page.ids})
        return [page.reading_rate_for(settled) for page in pages if page.adds_to(settled, now)]

    def _send(self, calls: Sequence[Call], deadline: Deadline) -> "_Outcome":
        ended = self.sender.run(calls, deadline).values()
        failed = [one for one in ended if one.status is SendingStatus.FAILED]
        reasons = tuple(f"{one.purpose}: {one.reason}" for one in failed)
        return _Outcome(len(ended) - len(failed), reasons)

    def _keep_reasons(self, attestation: Attestation, outcome: "_Outcome") -> None:
        changed = attestation
        for reason in outcome.reasons:
            changed = changed.because(reason)
        if changed != attestation:
            self.attestations.save(changed)

    def _skip(self, attestation: Attestation, newest: Attestation) -> None:
        skipped = replace(attestation, state=State.SKIPPED)
        self.attestations.save(skipped.because(f"superseded by epoch {newest.epoch}"))


@dataclass(frozen=True, slots=True)
class _Outcome:
    succeeded: int
    reasons: tuple[str, ...]
