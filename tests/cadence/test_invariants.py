"""Whatever owners, provider and strangers do in whatever order, an independent model agrees to the last unit."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic import TypeAdapter

from flareflow.adapters.flow.contracts import FlowChainLog
from flareflow.adapters.flow.json_cdc import Argument, address, array, ufix64, uint64
from flareflow.settlement.events import PlanAdded
from flareflow.settlement.journal import post
from flareflow.settlement.pricing import Tariff
from flareflow.settlement.subscription import Subscription
from infra.deploy.contracts import Notices, PlanTerms, add_plan
from infra.deploy.sending import TransactionFailedError
from infra.local.flow.accounts import LocalAccount
from infra.local.flow.contracts import LocalDeployer
from tests.cadence.model import DEAR, PLANS, Deposit
from tests.support.chain_clock import START_SECONDS
from tests.support.flow_emulator import EPOCH_SECONDS, FLOW, SETTLE, Chain, settling

pytestmark = pytest.mark.stack

EXAMPLES: Final = 11
STEPS_EACH: Final = 50
STEPS_MIN: Final = 500
BLOCKS_MAX: Final = 250
SUBSCRIPTIONS: Final = 3
AMOUNTS: Final = st.integers(min_value=1, max_value=5 * FLOW)
TOTALS: Final = st.integers(min_value=0, max_value=600_000 * 10**6)
PICKS: Final = st.integers(min_value=0, max_value=SUBSCRIPTIONS - 1)
STATES: Final = TypeAdapter(list[list[int]])
READ_STATES: Final = """
    import "SubscriptionAccounts"
    import "SubscriptionCustody"
    access(all) fun main(ids: [UInt64]): [[AnyStruct]] {
        let states: [[AnyStruct]] = [[
            SubscriptionCustody.vaultBalance(),
            SubscriptionCustody.totalBalance,
            SubscriptionCustody.revenue.unclaimed
        ]]
        for subscriptionId in ids {
            let subscription = SubscriptionCustody.subscription(subscriptionId)!
            let ledger = SubscriptionCustody.ledger(subscriptionId)!
            states.append([
                ledger.deposited(&subscription as &SubscriptionAccounts.Subscription),
                subscription.balance(),
                subscription.charged,
                ledger.withdrawn,
                ledger.refunded,
                ledger.owed,
                subscription.settledMicrotokens(),
                ledger.credited
            ])
        }
        return states
    }
"""
NOTICE: Final = 3_600
NOTICES: Final = Notices(trigger=2 * NOTICE, plan=2 * NOTICE, exit=NOTICE, settlement=0, revenue=0)
DAYS: Final = st.integers(min_value=1, max_value=20)


class Machine(RuleBasedStateMachine):
    """Two owners with three subscriptions between them, the provider, and strangers who try all that is not theirs."""

    chain: ClassVar[Chain]
    steps: ClassVar[int] = 0

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(self.chain.rolled_back())
        self.first_height = self.chain.flow.rest.latest_sealed_block().height + 1
        add_plan(LocalDeployer(self.chain.flow, self.chain.provider), PlanTerms(plan_id=1, tiers=DEAR))
        self.owners = [self.chain.flow.create_account(1_000 * FLOW) for _ in range(2)]
        for owner in self.owners:
            self.chain.run("subscriptions/publish_holder.cdc", signer=owner)
        self.deposits = [
            Deposit(self.chain.open(self.owners[number % 2], 3 * FLOW), number % 2, 3 * FLOW, 3 * FLOW)
            for number in range(SUBSCRIPTIONS)
        ]
        self.pages: list[tuple[int, Sequence[int], list[Argument]]] = []
        self.revenue = 0
        self.stopped_until = 0
        self.now = START_SECONDS + 2 * NOTICE

    def teardown(self) -> None:
        if not hasattr(self, "stack"):
            return
        with self.stack:
            self.the_events_alone_tell_every_balance()

    def act(self, what: str, deposit: Deposit, *arguments: Argument, by: LocalAccount | None = None) -> None:
        signer = by or self.owners[deposit.owner]
        self.chain.run(f"subscriptions/{what}.cdc", uint64(deposit.subscription), *arguments, signer=signer)

    def open_deposit(self, pick: int) -> Deposit | None:
        deposit = self.deposits[pick]
        return None if deposit.is_closed else deposit

    @property
    def is_stopped(self) -> bool:
        return self.now < self.stopped_until

    def pass_time(self, seconds: int) -> None:
        self.chain.wait(seconds)
        self.now += seconds

    @rule(days=DAYS)
    def wait(self, days: int) -> None:
        self.pass_time(days * 24 * NOTICE)

    @rule()
    def wait_for_a_notice(self) -> None:
        self.pass_time(NOTICE)

    @precondition(lambda self: not self.is_stopped)
    @rule(totals=st.tuples(*[TOTALS] * SUBSCRIPTIONS))
    def settle(self, totals: tuple[int, ...]) -> None:
        epoch = self.now // EPOCH_SECONDS
        self.pass_time(EPOCH_SECONDS)
        entries = [(deposit.subscription, total) for deposit, total in zip(self.deposits, totals, strict=True)]
        page = self.chain.attested_page(epoch, *entries)
        self.pages.append((epoch, totals, page))
        self.present(len(self.pages) - 1)

    @precondition(lambda self: self.pages and not self.is_stopped)
    @rule(number=st.integers(min_value=0))
    def settle_again(self, number: int) -> None:
        number %= len(self.pages)
        if self.pages[number][0] + 2_016 > self.pages[-1][0]:
            self.present(number)

    def present(self, number: int) -> None:
        epoch, totals, page = self.pages[number]
        self.chain.run(SETTLE, *page)
        for deposit, total in zip(self.deposits, totals, strict=True):
            if not deposit.is_closed:
                self.revenue += deposit.settle(epoch, total, self.now)

    @rule(pick=PICKS, amount=AMOUNTS, is_stranger=st.booleans())
    def top_up(self, pick: int, amount: int, is_stranger: bool) -> None:
        if deposit := self.open_deposit(pick):
            self.act("top_up", deposit, ufix64(amount), by=self.owners[is_stranger ^ bool(deposit.owner)])
            deposit.balance += amount
            deposit.deposited += amount
            self.revenue += deposit.charge_owed(self.now)

    @rule(pick=PICKS, limit=st.none() | st.integers(min_value=0, max_value=2 * FLOW))
    def cap(self, pick: int, limit: int | None) -> None:
        if deposit := self.open_deposit(pick):
            value = None if limit is None else ufix64(limit).as_json()
            self.act("set_spend_cap", deposit, Argument("Optional", value))
            self.revenue += deposit.set_cap(limit, self.now)

    @rule(pick=PICKS, plan=st.integers(min_value=0, max_value=1))
    def change_plan(self, pick: int, plan: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.balance >= FLOW:
            self.act("change_plan", deposit, uint64(plan), uint64(1))
            deposit.next_plan = None if plan == deposit.plan else (plan, self.now // EPOCH_SECONDS)

    @rule(pick=PICKS)
    def move(self, pick: int) -> None:
        if deposit := self.open_deposit(pick):
            taker = 1 - deposit.owner
            self.act("move_ownership", deposit, address(self.owners[taker].address))
            deposit.owner = taker

    @rule(pick=PICKS)
    def leave(self, pick: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.exit_at is None:
            self.act("request_exit", deposit)
            deposit.exit_at = self.now + NOTICE

    @rule(pick=PICKS)
    def stay(self, pick: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.exit_at is not None:
            self.act("cancel_exit", deposit)
            deposit.exit_at = None

    @rule(pick=PICKS)
    def waive(self, pick: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.exit_at is not None and deposit.owed == 0:
            self.act("waive_exit_notice", deposit, by=self.chain.provider)
            deposit.exit_at = self.now

    @rule(pick=PICKS, part=st.integers(min_value=1, max_value=FLOW))
    def withdraw(self, pick: int, part: int) -> None:
        deposit = self.leaving(pick)
        if deposit and deposit.balance - deposit.owed >= part:
            self.act("withdraw", deposit, ufix64(part))
            self.revenue += deposit.charge_all()
            deposit.balance -= part
            deposit.withdrawn += part

    @rule(pick=PICKS)
    def close(self, pick: int) -> None:
        if deposit := self.leaving(pick):
            self.act("close_subscription", deposit)
            self.revenue += deposit.charge_all()
            deposit.refunded, deposit.balance = deposit.balance, 0
            deposit.is_closed = True

    def leaving(self, pick: int) -> Deposit | None:
        """An open subscription whose notice has ended."""
        deposit = self.open_deposit(pick)
        return deposit if deposit and deposit.exit_at is not None and deposit.exit_at <= self.now else None

    @rule(pick=PICKS)
    def leave_early(self, pick: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.exit_at is not None and deposit.exit_at > self.now:
            with pytest.raises(TransactionFailedError, match="SubscriptionCustody: the notice of subscription"):
                self.act("close_subscription", deposit)

    @precondition(lambda self: self.revenue > 0)
    @rule(share=st.integers(min_value=1, max_value=100))
    def take_revenue(self, share: int) -> None:
        amount = max(1, self.revenue * share // 100)
        self.chain.run("subscriptions/withdraw_revenue.cdc", ufix64(amount), signer=self.chain.provider)
        self.revenue -= amount

    @precondition(lambda self: self.revenue > 0)
    @rule(pick=PICKS, share=st.integers(min_value=1, max_value=100))
    def credit(self, pick: int, share: int) -> None:
        if deposit := self.open_deposit(pick):
            amount = max(1, self.revenue * share // 100)
            self.act("credit", deposit, ufix64(amount), by=self.chain.provider)
            self.revenue -= amount
            deposit.balance += amount
            deposit.credited += amount
            self.revenue += deposit.charge_owed(self.now)

    @rule(pick=PICKS, share=st.integers(min_value=1, max_value=100))
    def forgive(self, pick: int, share: int) -> None:
        deposit = self.open_deposit(pick)
        if deposit and deposit.owed > 0:
            amount = max(1, deposit.owed * share // 100)
            self.act("forgive", deposit, ufix64(amount), by=self.chain.provider)
            deposit.forgiven += amount

    @rule(hours=st.integers(min_value=0, max_value=2))
    def stop(self, hours: int) -> None:
        self.stopped_until = self.now + hours * NOTICE
        until = ufix64(self.stopped_until * FLOW)
        self.chain.run("subscriptions/stop_settlement.cdc", until, signer=self.chain.provider)

    @rule(pick=PICKS, what=st.sampled_from(["withdraw", "close", "exit", "page", "revenue", "more revenue"]))
    def steal(self, pick: int, what: str) -> None:
        deposit = self.deposits[pick]
        stranger = self.owners[1 - deposit.owner]
        mine, one = uint64(deposit.subscription), ufix64(1)
        forged = settling(1, 0, [(deposit.subscription, 10**15)], [])
        not_held = f"subscription {deposit.subscription} is not held here"
        page = "settlement is stopped until" if self.is_stopped else "no statement of epoch 1 is attested and kept"
        path, arguments, signer, refusal = {
            "withdraw": ("withdraw", [mine, one], stranger, not_held),
            "close": ("close_subscription", [mine], stranger, not_held),
            "exit": ("request_exit", [mine], stranger, not_held),
            "page": ("settle_page", forged, stranger, page),
            "revenue": ("withdraw_revenue", [one], stranger, "the signer is not the provider"),
            "more revenue": (
                "withdraw_revenue",
                [ufix64(self.revenue + 1)],
                self.chain.provider,
                "can be claimed now, not",
            ),
        }[what]
        self.chain.refuses(refusal, f"subscriptions/{path}.cdc", *arguments, signer=signer)

    @invariant()
    def the_chain_agrees(self) -> None:
        Machine.steps += 1
        ids = array(uint64, [deposit.subscription for deposit in self.deposits])
        held, *states = STATES.validate_python(self.chain.evaluate(READ_STATES, ids))
        balances = sum(deposit.balance for deposit in self.deposits)
        assert held == [balances + self.revenue, balances, self.revenue]
        assert states == [deposit.state() for deposit in self.deposits]

    def the_events_alone_tell_every_balance(self) -> None:
        """The backend's own ledger, fed with nothing but the contract's events, has the chain's numbers."""
        log = FlowChainLog(self.chain.flow.rest, self.chain.provider.address)
        books: dict[int, Subscription] = {}
        revenue = 0
        for first, last in ranges(self.first_height, log.latest_sealed_height()):
            for event in log.events(first, last).events:
                if isinstance(event.happened, PlanAdded):
                    continue
                subscription_id, plan = (getattr(event.happened, name, None) for name in ("subscription_id", "plan_id"))
                accepted = None if plan is None else Tariff(PLANS[plan])
                posting = post(event, books.get(subscription_id) if subscription_id else None, accepted)
                assert posting is not None
                revenue += sum(line.amount_ufix64 for line in posting.entry.lines if line.account == "revenue")
                if posting.subscription is not None:
                    books[posting.subscription.subscription_id] = posting.subscription
        assert revenue == self.revenue
        for deposit in self.deposits:
            told = books[deposit.subscription]
            sums = told.deposited_ufix64, told.balance_ufix64, told.charged_ufix64
            assert [*sums, told.withdrawn_ufix64, told.refunded_ufix64] == deposit.state()[:5]
            assert told.credited_ufix64 == deposit.credited
            assert told.owner == f"0x{self.owners[deposit.owner].address}"


def ranges(first: int, last: int) -> Iterator[tuple[int, int]]:
    for start in range(first, last + 1, BLOCKS_MAX):
        yield start, min(last, start + BLOCKS_MAX - 1)


@pytest.mark.timeout(900)
def test_no_sequence_of_anyones_actions_makes_loses_or_takes_money(emulator: Chain) -> None:
    Machine.chain, Machine.steps = emulator.with_own_clock(notices=NOTICES), 0
    Machine.chain.wait(2 * NOTICE)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS_EACH,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Machine.steps >= STEPS_MIN
