"""One tick of billing: send new signing policies, deliver proven statements, settle their pages."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from flareflow.attestation.models import Attestation, SignedPolicy, State
from flareflow.attestation.ports import Attestations, Policies
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
    """

    policies_rolled: int = 0
    statements_delivered: int = 0
    pages_settled: int = 0
    pages_waiting: int = 0
    failed: int = 0

    def __add__(self, other: "BillingReport") -> "BillingReport":
        return BillingReport(
            self.policies_rolled + other.policies_rolled,
            self.statements_delivered + other.statements_delivered,
            self.pages_settled + other.pages_settled,
            self.pages_waiting + other.pages_waiting,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class BillOnFlow:
    """Charges what Flare attested.

    A settlement that has begun is finished. Of the statements that are proven and not delivered only the newest is
    delivered, because its totals are cumulative; the others are skipped. The next tick continues what the deadline
    interrupts.

    Pages with plans in dollars are settled while the contract uses the oracle's rate. Otherwise they wait for a
    later tick or a newer statement, and all other pages are settled.
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
        dollars = _Dollars(self.settled.needing_rate(), self.rate.run(deadline.clock()))
        ready = [found for found in self.attestations.under_way() if found.state in _READY]
        for attestation in ready:
            newest = ready[-1]
            if attestation.state is State.PROVEN and attestation.epoch < newest.epoch:
                self._skip(attestation, newest)
            elif not deadline.is_near():
                report += self._bill(attestation, newest, dollars, deadline)
        return report

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
        self, attestation: Attestation, newest: Attestation, dollars: "_Dollars", deadline: Deadline
    ) -> BillingReport:
        report = BillingReport()
        if attestation.state is State.PROVEN:
            attestation, report = self._deliver(attestation, deadline)
        if attestation.state is State.CONFIRMED_ON_FLOW:
            report += self._settle(attestation, newest, dollars, deadline)
        return report

    def _deliver(self, attestation: Attestation, deadline: Deadline) -> tuple[Attestation, BillingReport]:
        outcome = self._send([DeliverStatement(attestation)], deadline)
        if outcome.succeeded:
            attestation = self.attestations.save(replace(attestation, state=State.CONFIRMED_ON_FLOW))
        else:
            self._keep_reasons(attestation, outcome)
        return attestation, BillingReport(statements_delivered=outcome.succeeded, failed=len(outcome.reasons))

    def _settle(
        self, attestation: Attestation, newest: Attestation, dollars: "_Dollars", deadline: Deadline
    ) -> BillingReport:
        settled = self.settled.all()
        pages = [page for page in self.pages.of(attestation.epoch) if page.adds_to(settled)]
        ready, waiting = dollars.sorted(pages)
        outcome = self._send(ready, deadline)
        report = BillingReport(pages_settled=outcome.succeeded, pages_waiting=len(waiting), failed=len(outcome.reasons))
        if waiting:
            outcome = _Outcome(outcome.succeeded, (*outcome.reasons, f"pages in dollars wait: {dollars.refusal}"))
        if outcome.succeeded == len(pages):
            self.attestations.save(replace(attestation, state=State.SETTLED))
        elif outcome.reasons and attestation.epoch < newest.epoch:
            self._skip(attestation, newest)
        else:
            self._keep_reasons(attestation, outcome)
        return report

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
class _Dollars:
    """The subscriptions whose charge needs a rate, and why the contract uses none now; None if it uses one."""

    subscriptions: Set[int]
    refusal: str | None

    def sorted(self, pages: Iterable[SettlePage]) -> tuple[Sequence[SettlePage], Sequence[SettlePage]]:
        """The pages that can be settled now, and those that wait for a rate."""
        marked = [page.reading_rate_for(self.subscriptions) for page in pages]
        return [page for page in marked if not self._waits(page)], [page for page in marked if self._waits(page)]

    def _waits(self, page: SettlePage) -> bool:
        return page.reads_rate and self.refusal is not None


@dataclass(frozen=True, slots=True)
class _Outcome:
    succeeded: int
    reasons: tuple[str, ...]
