"""One tick of billing: policies rolled, proven statements delivered, their pages settled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from flareflow.attestation.models import Attestation, SignedPolicy, State
from flareflow.settlement.ports import Attestations, LightClient, Policies, SettledTotals, SettlementPages
from flareflow.settlement.sending import SendOnFlow
from flareflow.settlement.transactions import (
    Call,
    DeliverStatement,
    Outgoing,
    RollPolicies,
    SettlePage,
    Status,
)
from flareflow.time import Deadline

POLICIES_PER_TRANSACTION: Final = 3
POLICY_TRANSACTIONS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class BillingReport:
    """What one tick achieved; `failed` counts transactions that Flow refused or that failed there."""

    policies_rolled: int = 0
    statements_delivered: int = 0
    pages_settled: int = 0
    failed: int = 0

    def __add__(self, other: "BillingReport") -> "BillingReport":
        return BillingReport(
            self.policies_rolled + other.policies_rolled,
            self.statements_delivered + other.statements_delivered,
            self.pages_settled + other.pages_settled,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class BillOnFlow:
    """Charge what Flare attested.

    A settlement that began is finished; of the statements that are only proven the newest is enough, because its
    totals are cumulative. What a deadline cuts off, the next tick continues.
    """

    attestations: Attestations
    policies: Policies
    light_client: LightClient
    pages: SettlementPages
    settled: SettledTotals
    sender: SendOnFlow

    def run(self, deadline: Deadline) -> BillingReport:
        report = BillingReport()
        billable = self._billable()
        if billable:
            report += self._roll_policies(deadline)
        for attestation in billable:
            report += self._bill(attestation, deadline)
        return report

    def _billable(self) -> list[Attestation]:
        """The confirmed ones, oldest first, and the newest if it is only proven; others that are proven are skipped."""
        ready = [
            attestation
            for attestation in self.attestations.under_way()
            if attestation.state in {State.PROVEN, State.CONFIRMED_ON_FLOW}
        ]
        superseded = [attestation for attestation in ready[:-1] if attestation.state is State.PROVEN]
        for attestation in superseded:
            self._skip(attestation, f"superseded by epoch {ready[-1].epoch}")
        return [attestation for attestation in ready if attestation not in superseded]
