"""One tick of billing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from flareflow.attestation.models import Attestation, SignedPolicy, State
from flareflow.settlement.billing import POLICIES_PER_TRANSACTION, BillingReport, BillOnFlow
from flareflow.settlement.pages import SealedPages
from flareflow.settlement.rates import ReadRate
from flareflow.settlement.sending import SendOnFlow
from flareflow.settlement.transactions import RETRY_FIRST
from flareflow.statements.merkle import OrderedTree
from flareflow.statements.models import NO_HASH, SettlementPage, Statement
from tests.fakes.attestation import FakeAttestations, FakePolicies
from tests.fakes.settlement import (
    FakeClock,
    FakeDollarRates,
    FakeFlow,
    FakeKnownRates,
    FakeLightClient,
    FakeOutbox,
    FakeProposerKeys,
    FakeSettledTotals,
)
from tests.fakes.statements import FakeDocuments, FakeStatements


@dataclass
class Billing:
    """The use case on fakes; while it pauses, time passes and a block is made."""

    flow: FakeFlow = field(default_factory=FakeFlow)
    clock: FakeClock = field(default_factory=FakeClock)
    attestations: FakeAttestations = field(default_factory=FakeAttestations)
    policies: FakePolicies = field(default_factory=FakePolicies)
    statements: FakeStatements = field(default_factory=FakeStatements)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    settled: FakeSettledTotals = field(default_factory=FakeSettledTotals)
    oracle: FakeDollarRates = field(default_factory=FakeDollarRates)
    rates: FakeKnownRates = field(default_factory=FakeKnownRates)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    keys: FakeProposerKeys = field(default_factory=FakeProposerKeys)

    @property
    def use_case(self) -> BillOnFlow:
        return BillOnFlow(
            attestations=self.attestations,
            policies=self.policies,
            light_client=FakeLightClient(self.flow),
            pages=SealedPages(self.statements, self.documents),
            settled=self.settled,
            rate=ReadRate(self.oracle, self.rates),
            sender=SendOnFlow(self.flow, self.outbox, self.keys, self.pause),
        )

    def run(self, seconds: float = 120) -> BillingReport:
        return self.use_case.run(self.clock.deadline(seconds))

    def pause(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.flow.mine()

    def proven(self, epoch: int, pages: int = 1, state: State = State.PROVEN) -> None:
        """A statement whose pages have one subscription each."""
        self.proven_with(epoch, [((n, 1_000 * epoch),) for n in range(pages)], state)

    def proven_with(
        self, epoch: int, pages: Sequence[tuple[tuple[int, int], ...]], state: State = State.PROVEN
    ) -> None:
        """A statement whose pages have these subscriptions and totals."""
        self.attestations.save(Attestation(epoch, (epoch,) * 11, state))
        kept = [SettlementPage("A.01.Subscriptions", epoch, n, entries) for n, entries in enumerate(pages)]
        root = OrderedTree.over(page.hash for page in kept).root
        self.statements.put(Statement(epoch, 0, 1, NO_HASH, root, 0, 0, *[NO_HASH] * 4))
        self.documents.keep_settlement_pages(epoch, kept)

    def spoil_pages(self, epoch: int) -> None:
        """Change the texts of a statement's settlement pages."""
        for path, document in self.documents.kept.items():
            if f"epoch {epoch} page" in document.text:
                self.documents.kept[path] = replace(document, text=document.text + "0")

    def policy(self, reward_epoch: int) -> None:
        self.policies.kept[reward_epoch] = SignedPolicy(reward_epoch, b"policy", b"signatures")

    def state(self, epoch: int) -> State:
        return self.attestations.kept[epoch].state


@pytest.fixture
def billing() -> Billing:
    return Billing()


def test_a_proven_statement_is_delivered_and_all_its_pages_settled(billing: Billing) -> None:
    billing.proven(7, pages=3)
    report = billing.run()
    assert billing.flow.executed[0] == "deliver#7"
    assert sorted(billing.flow.executed[1:]) == ["settle#7#0", "settle#7#1", "settle#7#2"]
    assert billing.state(7) is State.SETTLED
    assert report == BillingReport(statements_delivered=1, pages_settled=3)


def test_another_tick_changes_nothing(billing: Billing) -> None:
    billing.proven(7)
    billing.run()
    assert billing.run() == BillingReport()
    assert billing.flow.signed == 2


def test_only_the_newest_proven_statement_is_billed(billing: Billing) -> None:
    # Given two proven statements
    billing.proven(7)
    billing.proven(8)
    # When billing runs
    billing.run()
    # Then the older one is skipped, since the newer says all that it says
    assert billing.state(7) is State.SKIPPED
    assert billing.attestations.kept[7].reasons == ("superseded by epoch 8",)
    assert billing.flow.executed == ["deliver#8", "settle#8#0"]


def test_a_settlement_that_began_is_finished_before_a_newer_one(billing: Billing) -> None:
    billing.proven(7, state=State.CONFIRMED_ON_FLOW)
    billing.proven(8)
    billing.run()
    assert billing.flow.executed == ["settle#7#0", "deliver#8", "settle#8#0"]
    assert (billing.state(7), billing.state(8)) == (State.SETTLED, State.SETTLED)


def test_statements_that_are_not_proven_stay_as_they_are(billing: Billing) -> None:
    billing.proven(7)
    billing.proven(8, state=State.FINALIZED)
    billing.run()
    assert (billing.state(7), billing.state(8)) == (State.SETTLED, State.FINALIZED)


def test_a_page_with_nothing_left_to_settle_is_not_sent(billing: Billing) -> None:
    # Given two pages of which the contract has settled one as far, since an older statement had it too
    billing.proven(7, pages=2)
    billing.settled.kept[0] = 7_000
    # When billing runs
    billing.run()
    # Then only the other is sent
    assert billing.flow.executed == ["deliver#7", "settle#7#1"]
    assert billing.state(7) is State.SETTLED


def test_a_delivery_that_fails_keeps_its_reason_and_is_tried_again_later(billing: Billing) -> None:
    # Given a verifier that refuses the proof now
    billing.proven(7)
    billing.flow.failing["deliver#7"] = "unknown policy"
    # When billing runs, and again when it does
    report = billing.run()
    billing.flow.failing.clear()
    billing.clock.move(2 * RETRY_FIRST.total_seconds())
    billing.run()
    # Then the reason was kept and the statement settled
    assert report.failed == 1
    assert billing.attestations.kept[7].reasons == ("deliver#7: unknown policy",)
    assert billing.state(7) is State.SETTLED


def test_a_page_that_fails_does_not_stop_other_pages(billing: Billing) -> None:
    billing.proven(7, pages=3)
    billing.flow.failing["settle#7#1"] = "out of computation"
    report = billing.run()
    assert report.pages_settled == 2
    assert billing.state(7) is State.CONFIRMED_ON_FLOW


def test_a_settlement_with_a_page_that_fails_is_skipped_once_a_newer_statement_is_proven(billing: Billing) -> None:
    billing.proven(7, state=State.CONFIRMED_ON_FLOW)
    billing.flow.failing["settle#7#0"] = "out of computation"
    billing.proven(8)
    billing.run()
    assert (billing.state(7), billing.state(8)) == (State.SKIPPED, State.SETTLED)


def test_an_attestation_that_cannot_be_read_is_told_and_holds_up_no_other(billing: Billing) -> None:
    # Given an older attestation in an unknown form, and a newer one
    billing.proven(7)
    billing.proven(8)
    billing.attestations.unreadable.add(7)
    # When billing runs
    report = billing.run()
    # Then the newer one is settled
    assert billing.state(8) is State.SETTLED
    assert report.unreadable == ("attestation of epoch 7: the record of epoch 7 has an unknown form",)


def test_pages_that_cannot_be_read_are_told_and_left_to_a_newer_statement(billing: Billing) -> None:
    # Given a settlement that began, with a page that has another hash, and a newer statement
    billing.proven(7, state=State.CONFIRMED_ON_FLOW)
    billing.spoil_pages(7)
    billing.proven(8)
    # When billing runs
    report = billing.run()
    # Then the newer statement is settled, and the older one is skipped
    assert (billing.state(7), billing.state(8)) == (State.SKIPPED, State.SETTLED)
    assert [reason.partition(":")[0] for reason in report.unreadable] == ["pages of epoch 7"]


def test_pages_of_the_newest_statement_that_cannot_be_read_are_told_at_each_tick(billing: Billing) -> None:
    billing.proven(7)
    billing.spoil_pages(7)
    for _ in range(2):
        assert len(billing.run().unreadable) == 1
        assert billing.state(7) is State.CONFIRMED_ON_FLOW
    assert len(billing.attestations.kept[7].reasons) == 1


def test_policies_are_rolled_before_the_statement_that_needs_them(billing: Billing) -> None:
    billing.policy(1)
    billing.proven(7)
    report = billing.run()
    assert billing.flow.executed[:2] == ["roll#1", "deliver#7"]
    assert report.policies_rolled == 1


def test_policies_are_rolled_in_order_without_a_gap(billing: Billing) -> None:
    # Given the policies of reward epochs 1 and 3
    for reward_epoch in (1, 3):
        billing.policy(reward_epoch)
    # When billing looks for what one transaction could carry
    roll = [policy.reward_epoch for policy in billing.use_case._missing_policies()]
    # Then 3 waits for 2
    assert roll == [1]


def test_a_transaction_carries_a_bounded_number_of_policies(billing: Billing) -> None:
    for reward_epoch in range(1, 20):
        billing.policy(reward_epoch)
    assert len(list(billing.use_case._missing_policies())) == POLICIES_PER_TRANSACTION


def test_a_roll_that_fails_is_not_repeated_within_the_tick(billing: Billing) -> None:
    billing.policy(1)
    billing.flow.failing["roll#1"] = "weight too low"
    assert billing.run() == BillingReport(failed=1)
    assert billing.flow.signed == 1


def test_the_next_tick_continues_what_the_deadline_interrupts(billing: Billing) -> None:
    # Given a chain that makes no block in time
    billing.proven(7)
    stuck = replace(billing.use_case, sender=replace(billing.use_case.sender, pause=billing.clock.move))
    stuck.run(billing.clock.deadline(20))
    assert billing.state(7) is State.PROVEN
    # When the next tick runs
    billing.run()
    # Then nothing was sent twice
    assert billing.flow.executed == ["deliver#7", "settle#7#0"]
    assert billing.flow.signed == 2


class CrashError(Exception):
    """The process died."""


@dataclass
class Fuse:
    """Lets so many calls through and then crashes once, before or after the call has had its effect."""

    calls_left: int
    after: bool

    def around(self, port: Any) -> Any:
        return _Fused(port, self)

    def burn(self, call: Callable[[], Any]) -> Any:
        self.calls_left -= 1
        if self.calls_left == -1 and not self.after:
            raise CrashError
        answer = call()
        if self.calls_left == -1:
            raise CrashError
        return answer


@dataclass
class _Fused:
    port: Any
    fuse: Fuse

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.port, name)
        return lambda *given: self.fuse.burn(lambda: method(*given))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(70))
def test_after_a_crash_at_any_step_the_next_tick_finishes_and_nothing_is_executed_twice(
    calls: int, after: bool
) -> None:
    # Given a policy to roll, an older and a newer statement, and a tick that dies at its n-th call
    billing, fuse = Billing(), Fuse(calls, after)
    billing.policy(1)
    billing.proven(7)
    billing.proven(8, pages=3)
    whole = billing.use_case
    sender = whole.sender
    dying = BillOnFlow(
        attestations=fuse.around(whole.attestations),
        policies=fuse.around(whole.policies),
        light_client=fuse.around(whole.light_client),
        pages=fuse.around(whole.pages),
        settled=fuse.around(whole.settled),
        rate=fuse.around(whole.rate),
        sender=SendOnFlow(fuse.around(sender.flow), fuse.around(sender.outbox), fuse.around(sender.keys), sender.pause),
    )
    with suppress(CrashError):
        dying.run(billing.clock.deadline(120))
    # When the next ticks run
    billing.run()
    billing.run()
    # Then everything is done, once
    assert sorted(billing.flow.executed) == ["deliver#8", "roll#1", "settle#8#0", "settle#8#1", "settle#8#2"]
    assert (billing.state(7), billing.state(8)) == (State.SKIPPED, State.SETTLED)


def test_a_page_is_sent_while_any_of_its_subscriptions_has_something_to_settle(billing: Billing) -> None:
    # Given a page of three subscriptions, of which the contract has settled the first and the last
    billing.proven_with(7, [((1, 1_000), (2, 2_000), (3, 3_000))])
    billing.settled.kept |= {1: 1_000, 2: 1_999, 3: 3_000}
    # When billing runs
    billing.run()
    # Then the page is settled for the second
    assert billing.flow.executed == ["deliver#7", "settle#7#0"]


def test_pages_that_the_deadline_cuts_off_leave_the_statement_unsettled(billing: Billing) -> None:
    # Given three pages, one proposer key, a block every half second and time for two blocks
    billing.flow.keys = (0,)
    billing.proven(7, pages=3, state=State.CONFIRMED_ON_FLOW)
    billing.run(seconds=5 + 1)
    # Then some pages are settled and the statement is not
    settled = list(billing.flow.executed)
    assert 0 < len(settled) < 3
    assert billing.state(7) is State.CONFIRMED_ON_FLOW
    # When the next tick runs
    billing.run()
    # Then every page is settled once
    assert sorted(billing.flow.executed) == ["settle#7#0", "settle#7#1", "settle#7#2"]
    assert billing.state(7) is State.SETTLED
